// Changes that application keys make as persons go on record, whatever the service.
import type { IncomingMessage } from 'node:http';
import { type Identity, isCaller } from './auth/signed-identity.ts';

export interface KeyAct {
  key_id: string;
  /** The person as whom the key acts. */
  user_id: string;
  method: string;
  path: string;
  ip: string;
  request_id: string;
}

export type RecordKeyAct<C> = (ctx: C, act: KeyAct) => Promise<void>;

interface Recorded {
  method: string;
  unrecorded?: boolean;
}

type Request = IncomingMessage & { originalUrl: string; res?: { locals: Record<string, unknown> } };

/**
 * Call it before the rule runs: no change without an entry. A change that is then refused has one
 * too.
 */
export async function recordIfActed<C>(
  ctx: C,
  { method, unrecorded }: Recorded,
  identity: Identity,
  { originalUrl, res }: Request,
  record: RecordKeyAct<C> | undefined,
): Promise<void> {
  if (!isCaller(identity) || identity.key_id === undefined || method === 'get' || unrecorded) return;
  if (record === undefined) throw new Error('this service does not record the acts of keys');
  const { key_id, user_id, ip } = identity;
  const path = originalUrl.split('?', 1)[0] as string;
  const request_id = String(res?.locals.request_id);
  await record(ctx, { key_id, user_id, method: method.toUpperCase(), path, ip, request_id });
}
