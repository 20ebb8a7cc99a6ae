// What admin hears goes into its own read model, in the transaction that also marks the fact as handled.
import { each, type FactHandlers } from '@chatapi/bus';
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
  'account.created': each((account, trx) => putAccount(trx, account)),
  'account.updated': each((account, trx) => putAccount(trx, account)),
  'account.erased': each(async ({ user_id }, trx) => {
    await eraseAccount(trx, user_id);
    await blankReports(trx, user_id);
    await dropAnnouncementsOf(trx, user_id);
    await forgetWords(trx, user_id);
  }),
  'account.seen': each(({ user_id, at }, trx) => putSeen(trx, user_id, at)),
  'room.created': each(({ room_id, kind, created_at }, trx) => putRoom(trx, room_id, kind, created_at)),
  'room.updated': each(({ room_id, kind, updated_at }, trx) => putRoom(trx, room_id, kind, updated_at)),
  'room.deleted': each(({ room_id }, trx) => dropRoom(trx, room_id)),
  'messages.created': (created, trx) => addMessages(trx, created),
  // They leave the second that they were counted in.
  'messages.deleted': (deleted, trx) =>
    addMessages(
      trx,
      deleted.flatMap(({ messages }) => messages.map(({ created_at }) => ({ created_at, count: -1 }))),
    ),
  'staff.acted': each((act, trx) => recordHeard(trx, act)),
  'file.created': each(({ file_id, bytes }, trx) => putFile(trx, file_id, bytes)),
  'file.infected': each((found, trx) => recordInfection(trx, found)),
  'file.deleted': each(({ file_id, bytes }, trx) => dropFile(trx, file_id, bytes)),
};
