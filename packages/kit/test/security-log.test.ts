import { expect } from 'chai';
import { createMetrics, securityMetrics } from '../src/metrics.ts';
import { SECURITY_EVENTS } from '../src/security-events.ts';
import { type SecuritySink, securityEvent } from '../src/security-log.ts';
import { collectSecurityLines } from '../src/testing/security-lines.ts';
import { silentSink } from '../src/testing/service.ts';

const countsOf = async ({ metrics }: SecuritySink): Promise<Record<string, number>> => {
  const { values } = await securityMetrics(metrics).get();
  return Object.fromEntries(values.map(({ labels, value }) => [labels.event, value]));
};

describe('the security log', () => {
  it('has a line for an event at any LOG_LEVEL, with its outcome and the details given', () => {
    const sink = silentSink();
    const lines = collectSecurityLines(sink);
    expect(sink.log.level).to.equal('error');
    securityEvent(sink, 'login.failed', { user_id: 'usr_1', ip: '192.0.2.1', request_id: 'req_1' });
    securityEvent(sink, 'staff.acted', { actor_id: 'usr_2', action: 'user.ban', outcome: 'unknown' });
    expect(lines.map(({ time: _, level: __, pid: ___, hostname: ____, ...line }) => line)).to.deep.equal([
      {
        stream: 'security',
        event: 'login.failed',
        outcome: 'refused',
        user_id: 'usr_1',
        ip: '192.0.2.1',
        request_id: 'req_1',
        msg: 'login.failed',
      },
      {
        stream: 'security',
        event: 'staff.acted',
        outcome: 'unknown',
        actor_id: 'usr_2',
        action: 'user.ban',
        msg: 'staff.acted',
      },
    ]);
  });

  it('counts each event from 0, so that the first one is an increase', async () => {
    const sink = silentSink();
    expect(await countsOf(sink)).to.deep.equal(
      Object.fromEntries(Object.keys(SECURITY_EVENTS).map((event) => [event, 0])),
    );
    securityEvent(sink, 'refresh.theft', {});
    expect((await countsOf(sink))['refresh.theft']).to.equal(1);
  });

  it('writes at most 50 lines of one event in a second, counts all, and tells how many it left out', async () => {
    const sink = { ...silentSink(), metrics: createMetrics('test', 'test') };
    const lines = collectSecurityLines(sink);
    const second = Math.floor(Date.now() / 1000);
    for (let i = 0; i < 500; i++) securityEvent(sink, 'login.limited', {});
    securityEvent(sink, 'account.locked', {});
    const seconds = Math.floor(Date.now() / 1000) - second + 1;
    const limited = lines.filter(({ event }) => event === 'login.limited');
    expect(limited.length).to.be.within(50, 50 * seconds);
    expect(lines.at(-1)).to.include({ event: 'account.locked' });
    expect((await countsOf(sink))['login.limited']).to.equal(500);
    await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000) + 5));
    securityEvent(sink, 'login.limited', {});
    const left = lines.reduce((sum, { suppressed = 0 }) => sum + (suppressed as number), 0);
    expect(left + lines.filter(({ event }) => event === 'login.limited').length).to.equal(501);
  });
});
