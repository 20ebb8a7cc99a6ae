import { inSteps, type Knex, type Migration } from '@chatapi/kit/data';
import { reactionKey } from './reaction-key.ts';

interface Place {
  room_id: string;
  seq: number;
  emoji: string;
  user_id: string;
}

const STEP_ROWS = 2000;
const PLACE = '(room_id, seq, emoji, user_id)';
const values = ({ room_id, seq, emoji, user_id }: Place): (string | number)[] => [room_id, seq, emoji, user_id];

/** Gives the reactions after a place their keys. Two spellings of one emoji become one reaction. */
async function step(trx: Knex, after: Place = { room_id: '', seq: 0, emoji: '', user_id: '' }) {
  const { rows } = await trx.raw<{ rows: Place[] }>(
    `select room_id, seq, emoji, user_id from reactions where ${PLACE} > (?, ?, ?, ?)
     order by room_id, seq, emoji, user_id limit ${STEP_ROWS}`,
    values(after),
  );
  const last = rows.at(-1);
  if (last === undefined) return undefined;
  await trx.raw(
    `with old as (
       delete from reactions where ${PLACE} > (?, ?, ?, ?) and ${PLACE} <= (?, ?, ?, ?) and emoji <> ${reactionKey('emoji')}
       returning room_id, seq, ${reactionKey('emoji')} key, user_id, created_at
     )
     insert into reactions (room_id, seq, emoji, user_id, created_at)
     select room_id, seq, key, user_id, min(created_at) from old group by room_id, seq, key, user_id
     on conflict do nothing`,
    [...values(after), ...values(last)],
  );
  return last;
}

export const oldReactionsMigration: Migration = {
  name: '012-old-reactions',
  online: (db: Knex): Promise<void> => inSteps<Place>(db, '012-old-reactions', step),
};
