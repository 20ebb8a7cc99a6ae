// `npm run bench -- followers`: what sends cost while a service follows the log, in turn with the
// same sends while none does. The webhook is about a room in which nothing happens, so that the
// difference is the cost of the mechanism and not of deliveries.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { measure } from './measure.ts';
import { startHanging } from './receivers.ts';
import { ADMIN, call } from './rest-cluster.ts';
import { median, short } from './stats.ts';
import { type Product, startProduct } from './systems/product.ts';
import type { Work } from './workload.ts';

const ROUNDS = 10;
const WORK: Work = { kind: 'pairs', pairs: 200, seconds: 8 };
/** The lease of a service that follows no more ends within this time. */
const HOLDS_MS = 2000;
/** The path of a message, with the database. */
const SENDS = ['message', 'realtime', 'postgres', 'redis', 'api-gateway'];

interface Cost {
  /** CPU time in µs per message. */
  sends: number;
  all: number;
}

async function costOf(product: Product): Promise<Cost> {
  const { units, cpu_us, lost = 0 } = await measure(product, WORK);
  if (lost > 0) throw new Error(`${lost} messages were lost`);
  const of = (isCounted: (name: string) => boolean): number =>
    Object.entries(cpu_us).reduce((sum, [name, us]) => sum + (isCounted(name) ? us : 0), 0) / units;
  return { sends: of((name) => SENDS.some((one) => name.startsWith(one))), all: of(() => true) };
}

const ratios = (with_: Cost[], without: Cost[], of: keyof Cost): string => {
  const all = with_.map((one, i) => one[of] / (without[i] as Cost)[of]).sort((a, b) => a - b);
  return `${median(all).toFixed(3)} (${all.at(0)?.toFixed(2)} to ${all.at(-1)?.toFixed(2)})`;
};

/** @returns the results, one line each. */
export async function followers(say: (text: string) => void): Promise<string> {
  const product = await startProduct({
    env: { ADMIN_USERNAME: ADMIN.username, ADMIN_EMAIL: ADMIN.email, ADMIN_PASSWORD: ADMIN.password },
  });
  const agent = new Agent();
  const receiver = await startHanging();
  try {
    const base = { cluster: product.cluster, agent };
    const login = { username_or_email: ADMIN.username, password: ADMIN.password };
    const { access_token: token } = await call(base, 'POST', '/users/login', '', login);
    const room = { chat_id: 'quiet' };
    await call(base, 'POST', '/rooms', token, room);
    const webhook = { url: receiver.url, events: ['message'], rooms: [room.chat_id] };
    // The first run makes the rooms of the pairs.
    await costOf(product);
    const [without, with_]: [Cost[], Cost[]] = [[], []];
    for (let round = 1; round <= ROUNDS; round++) {
      without.push(await costOf(product));
      const { id } = await call(base, 'POST', '/admin/webhooks', token, webhook);
      await sleep(HOLDS_MS);
      with_.push(await costOf(product));
      await call(base, 'DELETE', `/admin/webhooks/${id}`, token);
      await sleep(HOLDS_MS);
      const [before, after] = [without.at(-1) as Cost, with_.at(-1) as Cost];
      say(`round ${round}: ${short(before.sends)} µs a message, with a follower ${short(after.sends)}`);
    }
    return [
      `${ROUNDS} pairs of runs in turn; CPU of a message with a follower to that without, median (range)`,
      `what sends it: ${ratios(with_, without, 'sends')}`,
      `all processes, integration too: ${ratios(with_, without, 'all')}`,
    ].join('\n');
  } finally {
    receiver.stop();
    await agent.close();
    await product.stop();
  }
}
