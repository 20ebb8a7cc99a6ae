// The folded name and topic of a room, which searches look into.
import { FOLD_VERSION, fold } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export interface NamedRoom {
  id: string;
  name: string | null;
  topic: string | null;
}

const wordsOf = ({ name, topic }: NamedRoom): string => fold(`${name ?? ''}\n${topic ?? ''}`);

/** The room or its row here must be locked. */
export const saveRoomWords = async (trx: Knex, rooms: NamedRoom[]): Promise<void> =>
  void (await trx.raw(
    `insert into room_words (room_id, words, version) select id, words, ? from unnest(?::text[], ?::text[]) t(id, words)
     on conflict (room_id) do update set words = excluded.words, version = excluded.version`,
    [FOLD_VERSION, rooms.map(({ id }) => id), rooms.map(wordsOf)],
  ));

/** Rooms named by an older version. Locks their rows here. */
export async function roomsWithoutWords(trx: Knex, limit: number): Promise<NamedRoom[]> {
  const { rows } = await trx.raw<{ rows: NamedRoom[] }>(
    `select r.id, r.name, r.topic from room_words w join rooms r on r.id = w.room_id
     where w.version is null limit ? for update of w skip locked`,
    [limit],
  );
  return rows;
}

/** A condition on `rooms r left join room_words w`, with the bindings of `searchedFor`. */
export const ROOM_MATCHES = `(:folded = '' or r.id ilike :like or position(:folded in w.words) > 0
  or (w.version is null and (r.name ilike :typed or r.topic ilike :typed)))`;

/** A pattern for `ilike` that contains `text` literally. */
const literal = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;

export function searchedFor(search: string): { folded: string; like: string; typed: string } {
  const folded = fold(search);
  return { folded, like: literal(folded), typed: literal(search) };
}
