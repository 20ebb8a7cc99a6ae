import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Account, type Json, login, register, rest } from '../support/client.ts';
import { gatewaysOf, type TestCluster } from '../support/cluster.ts';
import { outageCluster } from '../support/outage-cluster.ts';

const PEOPLE = 20;
const SESSIONS_EACH = 10;
const GIVE_UP_MS = 45_000;

describe('auth killed in the middle of 200 refreshes', function () {
  this.timeout(180_000);
  let own: TestCluster;
  before(() => {
    own = outageCluster();
  });
  after(() => own.waitReady());

  /**
   * Refreshes as a client does: repeats with the same token until it gets a response.
   * @returns the pair and the number of attempts.
   */
  async function refresh(token: string, url: string): Promise<{ pair: Json; tries: number }> {
    for (let tries = 1, end = Date.now() + GIVE_UP_MS; ; tries++) {
      const answer = await rest(undefined, url)
        .post('/users/refresh', { refresh_token: token })
        .catch((error: Error) => ({ status: 0, body: error.message }));
      if (answer.status === 200) return { pair: answer.body, tries };
      expect(answer.status, JSON.stringify(answer.body)).to.be.oneOf([0, 503]);
      expect(Date.now(), 'no answer in time').to.be.lessThan(end);
      await sleep(100 + Math.random() * 200);
    }
  }

  it('logs nobody out: clients without a response retry with the old token, and every session continues', async () => {
    const people: Account[] = [];
    // One by one: checking twenty passwords at once takes a busy new process longer than the
    // request timeout.
    for (let i = 0; i < PEOPLE; i++) people.push(await register('killed', own.url));
    const sessions: Account[] = [...people];
    for (let i = 1; i < SESSIONS_EACH; i++)
      sessions.push(...(await Promise.all(people.map((person) => login(person, own.url)))));
    const gateways = gatewaysOf(own);

    let answered = 0;
    const killed: number[] = [];
    const killAt = new Set([40, 110]);
    const first = await Promise.all(
      sessions.map(async ({ refresh_token }, i) => {
        // Spread out, so that kills hit refreshes before, during and after their transaction.
        await sleep(i * 5);
        const done = await refresh(refresh_token, gateways[i % 2] as string);
        if (killAt.has(++answered)) killed.push(answered) && own.kill('auth');
        return done;
      }),
    );
    expect(killed).to.have.length(2);
    expect(first.some(({ tries }) => tries > 1)).to.equal(true);
    for (const { pair } of first) {
      await rest({ token: pair.access_token }, own.url).get('/users/me').expect(200);
      await refresh(pair.refresh_token, own.url);
    }
    const { body } = await rest({ token: first[0]?.pair.access_token }, own.url).get('/users/me/sessions').expect(200);
    expect(body.sessions).to.have.length(SESSIONS_EACH);
  });
});
