// Kill -9 of every process in turn, a stop and start of the cluster, and a short run of
// infra/chaos.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHAOS_ENV, lines, type Report, run } from '@chatapi/chaos';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, register, rest } from '../support/client.ts';
import { dispose, nodesOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { closeAll, connect } from '../support/socket.ts';

const ENV = { ...CHAOS_ENV, DRAIN_MS: '0' };
const SEED = Number(process.env.CHAOS_SEED ?? 11);
const HEALED_MS = 30_000;
const ROOM = 'survivors';
const said: string[] = [];

describe('after a crash', function () {
  this.timeout(60_000);
  let own: TestCluster;
  let ann: Account;
  before(async () => {
    own = await ownCluster(ENV);
    ann = await register('ann', own.url);
  });
  after(() => dispose(own));
  afterEach(closeAll);

  /**
   * The log of the process whose fault took longest to heal, to explain failures on other machines.
   */
  const logOfSlowest = ({ faults }: Report): string => {
    const slowest = faults.toSorted((a, b) => b.recovery_ms - a.recovery_ms)[0];
    if (slowest === undefined) return '';
    const log = readFileSync(join(own.dataDir, 'logs', `${slowest.target}.log`), 'utf8');
    return `${slowest.target} wrote:\n${log.trimEnd().split('\n').slice(-40).join('\n')}`;
  };
  const history = async (): Promise<Json[]> => {
    const answer = await rest(ann, own.url).get(`/messages/?chat_id=${ROOM}&after_seq=0&limit=100`);
    expect(answer.status).to.equal(200);
    return answer.body.messages;
  };
  /** Sends until acknowledged, as a client does, with the same key. */
  const sayOnce = (content: string): Promise<void> =>
    eventually(async () => {
      const body = { chat_id: ROOM, content, client_id: content };
      expect((await rest(ann, own.url).post('/messages/', body)).status).to.be.oneOf([200, 201]);
    }, HEALED_MS);
  const allWork = async (): Promise<void> => {
    const content = `after ${said.length}`;
    await sayOnce(content);
    said.push(content);
    for (const url of nodesOf(own)) {
      await eventually(async () => {
        const live = await connect(ann, url);
        live.send({ type: 'resume', rooms: { [ROOM]: 0 } });
        expect((await live.next('resumed')).rooms[ROOM].complete).to.equal(true);
        const seen = live.frames.filter((f) => f.type === 'message' && f.chat_id === ROOM).map((f) => f.content);
        expect(seen).to.deep.equal(said);
        live.ws.terminate();
      }, HEALED_MS);
    }
    await eventually(async () => expect((await history()).map((m) => m.content)).to.deep.equal(said), HEALED_MS);
  };

  it('everything works beforehand', allWork);

  for (const name of [
    'gateway',
    'auth',
    'user',
    'message-1',
    'message-2',
    'file',
    'admin',
    'realtime-1',
    'realtime-2',
    'integration-1',
    'redis',
    'postgres',
  ]) {
    it(`kill -9 of ${name}: everything works again, and all messages are there once, in order`, async () => {
      const before = own.pid(name);
      own.kill(name);
      await eventually(() => expect(own.pid(name)).to.not.be.oneOf([before, undefined]), HEALED_MS);
      await allWork();
      await own.waitReady(HEALED_MS);
    });
  }

  it('everything survives a stop and a start on the same folder', async () => {
    await own.stop();
    own = await ownCluster(ENV, own.dataDir);
    await rest(ann, own.url).get('/users/me').expect(200);
    await allWork();
  });

  it(`nothing is lost, duplicated or reordered under a schedule of faults (seed ${SEED})`, async function () {
    // Receivers may have to wait for retries.
    this.timeout(180_000);
    const said: string[] = [];
    const report = await run(own, {
      seed: SEED,
      seconds: 25,
      rest: 1200,
      pause: 20,
      receivers: 2,
      say: (line) => said.push(line),
    });
    const told = [...said, ...lines(report), logOfSlowest(report)].join('\n');
    expect(report.problems, told).to.deep.equal([]);
    // The chaos command checks how fast; here only that each fault has healed.
    expect(
      report.faults.every(({ recovery_ms }) => Number.isFinite(recovery_ms)),
      told,
    ).to.equal(true);
    expect(report.acked).to.be.greaterThan(100);
    expect(report.webhooks?.events).to.be.greaterThan(50);
    expect(report.faults.length).to.be.greaterThan(3);
  });
});
