// Acts on an account on behalf of staff. The admin service keeps the audit log; this service, which
// acts, writes the security log, whoever called it.
import { anyId, type RequestContext, type SecurityEvent, securityEvent } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';

/** Instances of the previous release send neither with some acts. */
export interface StaffAct {
  /** An admin, or an application key. */
  actor_id?: string;
  actor_ip?: string;
}

export const staffActFields = { actor_id: anyId(), actor_ip: Joi.string().allow('') };

type Call<B> = RequestContext<{ id: string }, Record<string, unknown>, B>;

/** The rule, with a line in the security log once it has acted. */
export const onRecord =
  <B extends StaffAct, A>(event: SecurityEvent, rule: (ctx: Context, call: Call<B>) => Promise<A>) =>
  async (ctx: Context, call: Call<B>): Promise<A> => {
    const result = await rule(ctx, call);
    const { actor_id, actor_ip: ip } = call.body;
    securityEvent(ctx, event, { user_id: call.params.id, actor_id, ip, request_id: call.request_id });
    return result;
  };
