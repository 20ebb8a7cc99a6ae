// What admins do with files of others: an entry of the audit log, told by a fact in the transaction
// of the act, and a line of the security log.
import { recordFact } from '@chatapi/bus';
import { newId, type SecurityEvent, type SecuritySink, securityEvent } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';
import type { FileRow } from './file-store.ts';

/** An admin who acts only because of the role. */
export interface StaffCall {
  user_id: string;
  ip: string;
  request_id: string;
}

type Action = 'file.read' | 'file.delete';

const EVENTS: Record<Action, SecurityEvent> = {
  'file.read': 'file.read_by_staff',
  'file.delete': 'file.deleted_by_staff',
};

/** Without the name of the file: an erasure of its uploader could not find it. */
export const recordStaffAct = (
  trx: Knex,
  { user_id, ip, request_id }: StaffCall,
  action: Action,
  file: Pick<FileRow, 'id' | 'uploaded_by'>,
): Promise<void> =>
  recordFact(trx, 'staff.acted', {
    audit_id: newId('aud'),
    action,
    actor_id: user_id,
    target_id: file.id,
    details: { about_user_id: file.uploaded_by },
    ip,
    request_id,
    at: new Date().toISOString(),
  });

/** Call it after the commit. */
export const logStaffAct = (
  sink: SecuritySink,
  { user_id, ip, request_id }: StaffCall,
  action: Action,
  file: Pick<FileRow, 'id' | 'uploaded_by'>,
): void =>
  securityEvent(sink, EVENTS[action], {
    user_id: file.uploaded_by,
    actor_id: user_id,
    target_id: file.id,
    ip,
    request_id,
  });
