import { addressKey } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import type { Context } from '../context.ts';
import { countRequests, recordRequest } from './request-limit-store.ts';

const isBelow = (count: number, limit: number): boolean => limit === 0 || count < limit;

/**
 * Counts a request that sends a mail, exactly over all instances. Costs the same for an account and
 * for a name without one.
 * @returns false over a limit: the answer stays the same, and nothing is sent.
 */
export async function mayMail(
  { config }: Pick<Context, 'config'>,
  trx: Knex,
  { ip, account }: { ip: string; account: string },
): Promise<boolean> {
  const keys = { address: addressKey(ip), account };
  const { from_address, of_account } = await countRequests(trx, keys);
  const allowed = isBelow(from_address, config.RATE_LIMIT_MAIL_ADDRESS) && isBelow(of_account, config.RATE_LIMIT_MAIL);
  if (allowed) await recordRequest(trx, keys);
  return allowed;
}
