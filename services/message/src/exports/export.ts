// Data export for the file service, which builds the archive. The cursor is opaque to it.

import { notFound } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { type ExportPage, type ExportPosition, messagesFrom, reactionsFrom, roomsFrom } from './export-store.ts';

const KINDS: Record<string, (db: Knex, userId: string, from: ExportPosition) => Promise<ExportPage>> = {
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
  const from = after === '' ? { room_id: '', seq: 0 } : (JSON.parse(after) as ExportPosition);
  const { items, next } = await read(db, userId, from);
  return { items, next: next === null ? null : JSON.stringify(next) };
}
