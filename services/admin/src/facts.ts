// Updates the read model in the transaction that marks the fact as handled.
import { each, type FactHandlers } from '@chatapi/bus';
import type { SecuritySink } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { deleteAnnouncementsOf } from './announcement-store.ts';
import { recordInfection, recordStaffAction } from './audit.ts';
import { redactEntries } from './audit-store.ts';
import { redactReports } from './report-store.ts';
import {
  addMessages,
  eraseAccount,
  markFileDeleted,
  markRoomDeleted,
  putAccount,
  putFile,
  putRoom,
  putSeen,
} from './statistics-store.ts';

export const createHandlers = (sink: SecuritySink): FactHandlers<Knex.Transaction> => ({
  'account.created': each((account, trx) => putAccount(trx, account)),
  'account.updated': each((account, trx) => putAccount(trx, account)),
  'account.erased': each(async ({ user_id }, trx) => {
    await eraseAccount(trx, user_id);
    await redactReports(trx, user_id);
    await deleteAnnouncementsOf(trx, user_id);
    await redactEntries(trx, user_id);
  }),
  'account.seen': each(({ user_id, at }, trx) => putSeen(trx, user_id, at)),
  'room.created': each(({ room_id, kind, created_at }, trx) => putRoom(trx, room_id, kind, created_at)),
  'room.updated': each(({ room_id, kind, updated_at }, trx) => putRoom(trx, room_id, kind, updated_at)),
  'room.deleted': each(({ room_id }, trx) => markRoomDeleted(trx, room_id)),
  'messages.created': (created, trx) => addMessages(trx, created),
  // Subtracts them from the second in which they were counted.
  'messages.deleted': (deleted, trx) =>
    addMessages(
      trx,
      deleted.flatMap(({ messages }) => messages.map(({ created_at }) => ({ created_at, count: -1 }))),
    ),
  'staff.acted': each((act, trx) => recordStaffAction(sink, trx, act)),
  'file.created': each(({ file_id, bytes }, trx) => putFile(trx, file_id, bytes)),
  'file.infected': each((found, trx) => recordInfection(trx, found)),
  'file.deleted': each(({ file_id, bytes }, trx) => markFileDeleted(trx, file_id, bytes)),
});
