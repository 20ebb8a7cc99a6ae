// Audit events: actions allowed by a global role and not by a room role. The fact is in the
// transaction of the action.

import { newId } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Change } from './room-change.ts';

export type ActingCaller = Caller & { request_id: string };

export const recordAudit = (
  c: Change,
  { user_id, ip, request_id }: ActingCaller,
  action: string,
  target_id: string,
  details: Record<string, unknown>,
): Promise<void> =>
  c.recordFact('staff.acted', {
    audit_id: newId('aud'),
    action,
    actor_id: user_id,
    target_id,
    details,
    ip,
    request_id,
    at: new Date().toISOString(),
  });
