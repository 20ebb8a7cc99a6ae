// Sends that the message service sets aside, since it must ask the hook before messages.
import { expect } from 'chai';
import type { Send } from '../src/state.ts';
import { until } from './node-fixture.ts';
import { good, type Instance, openBehind, sendTo } from './send-queue-fixture.ts';

describe('the hook before messages and the send queue', () => {
  it('sends that are set aside hold up nobody, and keep the order of their person and room', async () => {
    const held: (() => void)[] = [];
    const asks: Instance = async (sends, mayWait) => {
      if (mayWait) await new Promise<void>((resolve) => held.push(resolve));
      return good(sends).map((result, i) =>
        sends[i]?.body.chat_id === 'asked' && !mayWait ? { aside: true } : result,
      );
    };
    const { sends, calls, outcomes } = openBehind([asks]);
    const asked = [sendTo('asked'), sendTo('asked'), sendTo('asked')];
    const free = [sendTo('free'), sendTo('free')];
    const ids = (list: Send[]): string[] => list.map(({ body }) => body.client_id);
    for (const send of [asked[0], free[0], asked[1]]) sends.push(send as Send);
    await until(() => outcomes.length === 1);
    for (const send of [asked[2], free[1]]) sends.push(send as Send);
    await until(() => outcomes.length === 2);
    expect(outcomes.map(([id]) => id)).to.deep.equal(ids(free));
    for (let n = 1; n <= 3; n++) {
      await until(() => held.length === n);
      held[n - 1]?.();
    }
    await until(() => outcomes.length === 5);
    expect(outcomes.slice(2).map(([id]) => id)).to.deep.equal(ids(asked));
    // What follows one that was set aside is not tried before it.
    expect(calls.flatMap((call) => call.ids).filter((id) => id === asked[2]?.body.client_id)).to.have.length(1);
  });

  it('a refusal because the hook does not answer is final', async () => {
    const details = { reason: 'hook_unavailable' };
    const { sends, calls, outcomes } = openBehind([
      (list) => list.map(() => ({ ok: false, error: { code: 'SERVICE_UNAVAILABLE', message: 'no', details } })),
    ]);
    sends.push(sendTo('room'));
    await until(() => outcomes.length === 1);
    expect(outcomes[0]?.[1]).to.deep.include({ code: 'SERVICE_UNAVAILABLE', details });
    expect(calls).to.have.length(1);
  });
});
