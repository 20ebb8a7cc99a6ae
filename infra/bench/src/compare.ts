// Runs the same workloads on each system in turn (A B C D A B C D) and formats the results.
import { availableParallelism, loadavg } from 'node:os';
import { hash } from 'bcrypt';
import { BUSY_NAMES, HISTORY_ROOM, PASSWORD } from './fixture.ts';
import { addMessages, openOwner, setPassword } from './fixture-store.ts';
import { measure } from './measure.ts';
import { type Book, note } from './metrics.ts';
import { type Product, startProduct } from './systems/product.ts';
import { startReferenceServers } from './systems/reference-servers.ts';
import type { System } from './systems/system.ts';
import { HEAD, line } from './table.ts';
import { targetLines } from './targets.ts';
import type { Work } from './workload.ts';
import type { Named } from './workload-list.ts';

export interface Plan {
  works: Named[];
  rounds: number;
  peers: string[];
  /** Environment of the product's processes. */
  env: NodeJS.ProcessEnv;
  say: (text: string) => void;
}

const NEEDS_OUTSIDERS: Work['kind'][] = ['silent', 'logins'];
/** The default cost of bcrypt. */
const DELIVERED_COST = 12;

/** Prepares data that would take too long through the API. */
async function prepare({ cluster, place }: Product, { works, say }: Plan): Promise<void> {
  const of = (kind: Work['kind']): Named[] => works.filter(({ work }) => work.kind === kind);
  const deepest = Math.max(0, ...of('history').map(({ work }) => (work.kind === 'history' ? work.depth : 0)));
  const owner = await openOwner(cluster.postgresUrl);
  try {
    if (of('logins').length > 0) await setPassword(owner, BUSY_NAMES, await hash(PASSWORD, DELIVERED_COST));
    if (deepest === 0) return;
    say(`writing a room of ${deepest.toLocaleString('en-US')} messages`);
    // One more page, so that the deepest one is full too.
    await addMessages(owner, HISTORY_ROOM, place().people[0]?.id as string, deepest + 100);
  } finally {
    await owner.end();
  }
}

async function doAll(systems: System[], { works, rounds, say }: Plan): Promise<Book> {
  const book: Book = new Map();
  for (const { name, work } of works) {
    for (let round = 1; round <= rounds; round++) {
      for (const system of systems.filter((one) => one.does(work))) {
        say(`${name}, round ${round}: ${system.name}`);
        note(book, name, system.name, await measure(system, work));
      }
    }
  }
  return book;
}

export async function compare(plan: Plan): Promise<string> {
  const { works, rounds, peers, env, say } = plan;
  const running: { stop(): Promise<void> }[] = [];
  const load: number[] = [];
  const watch = setInterval(() => load.push(loadavg()[0] as number), 1000);
  try {
    say('starting the systems');
    const outsiders = works.some(({ work }) => NEEDS_OUTSIDERS.includes(work.kind)) ? BUSY_NAMES.length : 0;
    const product = await startProduct({ env, outsiders });
    running.push(product);
    const starting = peers.length > 0 ? startReferenceServers(peers) : undefined;
    // Registered at once, so that it is stopped after any failure.
    if (starting !== undefined) running.push({ stop: async () => await (await starting).stop() });
    await prepare(product, plan);
    const others = await starting;
    const book = await doAll([product, ...(others?.systems ?? [])], plan);
    const rows = works.flatMap((named) =>
      [...(book.get(named.name) ?? [])].map(([system, measured]) => line(named, system, measured)),
    );
    const span = `${Math.min(...load).toFixed(1)} to ${Math.max(...load).toFixed(1)}`;
    const machine = `${availableParallelism()} cores, Node ${process.versions.node}, load average ${span}`;
    const tables = [[...HEAD, ...rows], targetLines(book, rounds)].map((lines) => lines.join('\n'));
    return [`${machine}, medians of ${rounds} rounds`, ...tables].join('\n\n');
  } finally {
    clearInterval(watch);
    await Promise.all(running.map((one) => one.stop()));
  }
}
