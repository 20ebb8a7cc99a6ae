// The audit log of what applications do, written by the admin service: facts in the transaction of
// the act.
import { recordFact } from '@chatapi/bus';
import { AppError, newId, type RequestContext } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import type { AccountRow } from '../account-store.ts';

/** The caller is the application's key. */
export type AppCall<P = unknown, Q = unknown, B = unknown> = RequestContext<P, Q, B>;

/** Who changes users: an application, or an issuer by its token. */
export type Acting = Pick<AppCall, 'ip' | 'request_id'> & { caller: Pick<Caller, 'user_id'> };

export interface Act {
  action:
    | 'user.create'
    | 'user.update'
    | 'user.deactivate'
    | 'user.activate'
    | 'user.erase'
    | 'user.token'
    | 'bot.create'
    | 'bot.update'
    | 'bot.delete'
    | 'bot.token.create'
    | 'bot.token.end';
  target_id: string;
  details?: Record<string, unknown>;
}

const by = ({ caller, ip, request_id }: Acting) => ({
  actor_id: caller.user_id,
  ip,
  request_id,
  at: new Date().toISOString(),
});

const entryOf = ({ action, target_id, details = {} }: Act) => ({ audit_id: newId('aud'), action, target_id, details });

export const recordAct = (trx: Knex, call: AppCall, act: Act): Promise<void> =>
  recordFact(trx, 'staff.acted', { ...by(call), ...entryOf(act) });

export async function recordActs(trx: Knex, call: Acting, acts: Act[]): Promise<void> {
  if (acts.length > 0) await recordFact(trx, 'staff.acted_on_many', { ...by(call), acts: acts.map(entryOf) });
}

/**
 * An application must not get hold of an admin: not by a token, nor by an email to which a password
 * reset goes.
 */
export const adminRefusal = (): AppError =>
  new AppError('AUTHORIZATION_ERROR', 'Applications may not change admins or act as one', {
    details: { reason: 'admin' },
  });

/** @throws AUTHORIZATION_ERROR with the reason `admin`. */
export function requireNoAdmin({ role }: AccountRow): void {
  if (role === 'admin') throw adminRefusal();
}
