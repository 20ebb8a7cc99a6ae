import type { AccessClaims, Caller, Identity } from '@chatapi/kit/auth';
import { expect } from 'chai';
import type { Context } from '../src/context.ts';
import { countRequest, isExempt, listLimits } from '../src/rate-limits.ts';
import type { Exchange } from '../src/request-exchange.ts';

const KEY: AccessClaims = {
  user_id: 'key_1',
  session_id: 'key_1',
  role: 'user',
  issued_at: 0,
  expires_at: 1,
  kind: 'key',
  scopes: ['act_as'],
};
const { kind: _, ...limits } = KEY;
const ACTED: AccessClaims = { ...limits, user_id: 'usr_1', key_id: 'key_1' };
const PERSON: AccessClaims = { ...limits, user_id: 'usr_1', session_id: 'ses_1', scopes: undefined };

function open(config: object = {}) {
  const counted: string[] = [];
  const result = (limit: number) => ({ allowed: true, limit, remaining: 1, reset: 0, retry_after_s: 0 });
  const note = async (key: string, limit: number) => {
    counted.push(`${key} ${limit}`);
    return result(limit);
  };
  const ctx = {
    config: {
      RATE_LIMIT_REQUESTS: 100,
      RATE_LIMIT_KEYS: 1000,
      RATE_LIMIT_STAFF: 500,
      RATE_LIMIT_WINDOW: 60,
      ...config,
    },
    limiter: { take: note, peek: note },
  } as unknown as Context;
  return { ctx, counted };
}
const exchange = (caller: object, row: object = {}): Exchange =>
  ({ caller, client: { ip: '192.0.2.9' }, row }) as unknown as Exchange;

describe('limits of application keys and staff', () => {
  for (const [what, caller, row, expected] of [
    ['a key counts for itself', { claims: KEY }, {}, ['keys:key_1 1000']],
    ['so does one that acts as a person', { claims: ACTED }, {}, ['keys:key_1 1000']],
    ['and one that failed to', { key: KEY, failure: new Error() }, {}, ['keys:key_1 1000']],
    ['a person does not', { claims: PERSON }, {}, ['general:usr_1 100']],
    ['a moderator has the limit of staff', { claims: { ...PERSON, role: 'moderator' } }, {}, ['general:usr_1 500']],
    ['and so has an admin', { claims: { ...PERSON, role: 'admin' } }, {}, ['general:usr_1 500']],
    ['nobody counts by the address', {}, {}, ['general:address:192.0.2.9 100']],
    [
      'where sessions are opened, the address counts too',
      { claims: KEY },
      { byAddress: true },
      ['general:address:192.0.2.9 100', 'keys:key_1 1000'],
    ],
  ] as const)
    it(what, async () => {
      const { ctx, counted } = open();
      await countRequest(ctx, exchange(caller, row));
      expect(counted).to.deep.equal(expected);
    });

  it('count what an application types as its persons, who have a limit of their own', () => {
    const row = { exempt: 'people' };
    expect(isExempt(exchange({ claims: PERSON }, row))).to.equal(true);
    expect(isExempt(exchange({ claims: ACTED }, row))).to.equal(false);
    expect(isExempt(exchange({ claims: ACTED }, { exempt: true }))).to.equal(true);
  });

  it('can be off, while those of people are on', async () => {
    const { ctx, counted } = open({ RATE_LIMIT_KEYS: 0 });
    await countRequest(ctx, exchange({ claims: KEY }));
    expect(counted).to.deep.equal([]);
  });

  it('are off for staff too where those of people are off', async () => {
    const { ctx, counted } = open({ RATE_LIMIT_REQUESTS: 0 });
    await countRequest(ctx, exchange({ claims: { ...PERSON, role: 'admin' } }));
    expect(counted).to.deep.equal([]);
  });

  it('are told to whom they count for', async () => {
    const told = async (identity: Identity): Promise<string | undefined> => {
      const { ctx, counted } = open();
      await listLimits(ctx, identity);
      return counted.find((one) => /^(keys|general):/.test(one));
    };
    const caller: Caller = { ...limits, kind: 'key', ip: '192.0.2.9' };
    expect(await told(caller)).to.equal('keys:key_1 1000');
    expect(await told({ ...caller, kind: 'user', user_id: 'usr_1', key_id: 'key_1' })).to.equal('keys:key_1 1000');
    expect(await told({ ...caller, kind: 'bot', user_id: 'usr_bot' })).to.equal('general:usr_bot 100');
    expect(await told({ kind: 'anonymous', ip: '192.0.2.9' })).to.equal('general:address:192.0.2.9 100');
  });
});
