// Updates the read model in the transaction that marks the fact as handled.
import { each, type FactHandlers } from '@chatapi/bus';
import type { SecuritySink } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import { deleteAnnouncementsOf } from './announcement-store.ts';
import { recordInfection, recordStaffActions } from './audit.ts';
import { redactEntries } from './audit-store.ts';
import { forgetConnectionsOf } from './connections/connection-log-store.ts';
import { redactReports } from './report-store.ts';
import {
  addMessages,
  eraseAccounts,
  markFileDeleted,
  markRoomDeleted,
  putAccounts,
  putFile,
  putRoom,
  putSeen,
} from './statistics-store.ts';

export const createHandlers = (sink: SecuritySink): FactHandlers<Knex.Transaction> => ({
  'account.created': (accounts, trx) => putAccounts(trx, accounts),
  'accounts.created': (groups, trx) =>
    putAccounts(
      trx,
      groups.flatMap(({ accounts }) => accounts),
    ),
  'account.updated': (accounts, trx) => putAccounts(trx, accounts),
  async 'account.erased'(erased, trx) {
    const ids = erased.map(({ user_id }) => user_id);
    await eraseAccounts(trx, ids);
    await redactReports(trx, ids);
    await deleteAnnouncementsOf(trx, ids);
    await redactEntries(trx, ids);
    await forgetConnectionsOf(trx, ids);
  },
  'account.seen': (seen, trx) => putSeen(trx, seen),
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
  'staff.acted': (acts, trx) => recordStaffActions(sink, trx, acts),
  'staff.acted_on_many': (groups, trx) =>
    recordStaffActions(
      sink,
      trx,
      groups.flatMap(({ acts, ...by }) => acts.map((act) => ({ ...by, ...act }))),
    ),
  'file.created': each(({ file_id, bytes }, trx) => putFile(trx, file_id, bytes)),
  'file.infected': each((found, trx) => recordInfection(trx, found)),
  'file.deleted': each(({ file_id, bytes }, trx) => markFileDeleted(trx, file_id, bytes)),
});
