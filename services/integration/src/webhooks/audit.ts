import { recordFact } from '@chatapi/bus';
import { newId, type RequestContext } from '@chatapi/kit';
import type { Knex } from '@chatapi/kit/data';

export type StaffCall = Pick<RequestContext, 'caller' | 'request_id'>;

/** The audit log has who changed what, in the transaction of the change. */
export const recordAudit = (
  trx: Knex,
  { caller, request_id }: StaffCall,
  action: string,
  target_id: string,
  details: Record<string, unknown>,
): Promise<void> =>
  recordFact(trx, 'staff.acted', {
    audit_id: newId('aud'),
    action,
    actor_id: caller.user_id,
    target_id,
    details,
    ip: caller.ip,
    request_id,
    at: new Date().toISOString(),
  });
