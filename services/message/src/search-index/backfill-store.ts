import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import { SEARCH_VERSION, searchVector } from './vector.ts';

/** Inserted or edited by a version that made no words, or older ones. */
const WITHOUT_WORDS = 'search_version is null and not is_deleted';

/** Not `exists`, which forgets the order: another index would be read to its end. */
export const LACKING = `select (select 1 from messages where ${WITHOUT_WORDS} order by seq, room_id limit 1) is not null lacking`;

/** A cheap check: usually all messages have their words. */
export const lackWords = async (reads: PipelinedPool): Promise<boolean> =>
  (await reads.query<{ lacking: boolean }>({ name: 'lacking-words', text: LACKING, values: [] })).rows[0]?.lacking ===
  true;

export interface Place {
  room_id: string;
  seq: number;
}

/** @returns the last message that got its words, undefined when none is left after `after`. */
export async function addWords(db: Knex, after: Place, limit: number): Promise<Place | undefined> {
  return await db.transaction(async (trx) => {
    await trx.raw('set local enable_seqscan = off');
    const { rows } = await trx.raw<{ rows: (Place & { content: string })[] }>(
      `select room_id, seq, content from messages where ${WITHOUT_WORDS} and (seq, room_id) > (?, ?)
       order by seq, room_id limit ? for update skip locked`,
      [after.seq, after.room_id, limit],
    );
    if (rows.length === 0) return undefined;
    await trx.raw(
      `update messages m set search = t.search::tsvector, search_version = ?
       from unnest(?::text[], ?::bigint[], ?::text[]) as t(room_id, seq, search)
       where m.room_id = t.room_id and m.seq = t.seq`,
      [
        SEARCH_VERSION,
        rows.map(({ room_id }) => room_id),
        rows.map(({ seq }) => seq),
        rows.map(({ content }) => searchVector(content)),
      ],
    );
    return rows.at(-1);
  });
}
