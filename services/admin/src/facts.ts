// What admin hears goes into its own read model, in the transaction that also marks the fact as handled.
import type { FactHandlers } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit';
import { dropAnnouncementsOf } from './announcement-store.ts';
import { recordHeard, recordInfection } from './audit.ts';
import { forgetWords } from './audit-store.ts';
import { blankReports } from './report-store.ts';
import {
  addMessages,
  dropFile,
  dropRoom,
  eraseAccount,
  putAccount,
  putFile,
  putRoom,
  putSeen,
} from './statistics-store.ts';

export const handlers: FactHandlers<Knex.Transaction> = {
  'account.created': (account, trx) => putAccount(trx, account),
  'account.updated': (account, trx) => putAccount(trx, account),
  'account.erased': async ({ user_id }, trx) => {
    await eraseAccount(trx, user_id);
    await blankReports(trx, user_id);
    await dropAnnouncementsOf(trx, user_id);
    await forgetWords(trx, user_id);
  },
  'account.seen': ({ user_id, at }, trx) => putSeen(trx, user_id, at),
  'room.created': ({ room_id, kind, created_at }, trx) => putRoom(trx, room_id, kind, created_at),
  'room.updated': ({ room_id, kind, updated_at }, trx) => putRoom(trx, room_id, kind, updated_at),
  'room.deleted': ({ room_id }, trx) => dropRoom(trx, room_id),
  'messages.created': ({ count, created_at }, trx) => addMessages(trx, [{ created_at, count }]),
  // They leave the second that they were counted in.
  'messages.deleted': ({ messages }, trx) =>
    addMessages(
      trx,
      messages.map(({ created_at }) => ({ created_at, count: -1 })),
    ),
  'staff.acted': (act, trx) => recordHeard(trx, act),
  'file.created': ({ file_id, bytes }, trx) => putFile(trx, file_id, bytes),
  'file.infected': (found, trx) => recordInfection(trx, found),
  'file.deleted': ({ file_id, bytes }, trx) => dropFile(trx, file_id, bytes),
};
