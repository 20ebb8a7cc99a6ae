// Owns: for file, which makes the archive: what a user wrote here, in pages behind a cursor that means nothing to it.
import { type Knex, notFound } from '@chatapi/kit';
import { type Found, messagesFrom, type Place, reactionsFrom, roomsFrom } from './export-store.ts';

const KINDS: Record<string, (db: Knex, userId: string, from: Place) => Promise<Found>> = {
  messages: messagesFrom,
  rooms: roomsFrom,
  reactions: reactionsFrom,
};

export async function exportPage(
  db: Knex,
  userId: string,
  kind: string,
  after: string,
): Promise<{ items: object[]; next: string | null }> {
  const read = KINDS[kind];
  if (read === undefined) throw notFound('Kind');
  const from = after === '' ? { room_id: '', seq: 0 } : (JSON.parse(after) as Place);
  const { items, next } = await read(db, userId, from);
  return { items, next: next === null ? null : JSON.stringify(next) };
}
