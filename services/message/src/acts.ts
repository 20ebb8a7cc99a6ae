// Owns: that what somebody does here by their role in the installation, not in the room, comes into the audit log: told in the
// transaction of the act itself, so neither is there without the other.
import { type Caller, newId } from '@chatapi/kit';
import type { Change } from './change.ts';

export type Acting = Caller & { request_id: string };

export const tellAct = (
  c: Change,
  { user_id, ip, request_id }: Acting,
  action: string,
  target_id: string,
  details: Record<string, unknown>,
): Promise<void> =>
  c.tell('staff.acted', {
    audit_id: newId('aud'),
    action,
    actor_id: user_id,
    target_id,
    details,
    ip,
    request_id,
    at: new Date().toISOString(),
  });
