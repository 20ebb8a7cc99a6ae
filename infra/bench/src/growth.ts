// `npm run bench -- growth`: cost of a message as members, history, rooms and nodes grow. Marks
// what rises by more than a quarter.
import { availableParallelism } from 'node:os';
import { openOwner } from './fixture-store.ts';
import { type Axis, IN_FLIGHT, NODES, nodesStep, PEOPLE, type Step, stepsOf } from './growth-axes.ts';
import { type Measured, measure } from './measure.ts';
import { cpuOf, rateOf } from './metrics.ts';
import { median, short } from './stats.ts';
import { startProduct } from './systems/product.ts';
import { byProcess } from './table.ts';

export interface GrowthPlan {
  axes: Axis[];
  rounds: number;
  /** Number of messages in the longest history. */
  to: number;
  say: (text: string) => void;
}

interface Grown {
  title: string;
  size: number;
  measured: Measured[];
}

const RISE = 1.25;
const WARM_UPS = 4;

async function walk(steps: Step[], nodes: number, { rounds, say }: GrowthPlan): Promise<Grown[]> {
  const product = await startProduct({ people: PEOPLE, nodes });
  const owner = await openOwner(product.cluster.postgresUrl);
  const people = product.place().people.map(({ id }) => id);
  const grown: Grown[] = [];
  try {
    for (const { size, grow, works } of steps) {
      await grow({ owner, people });
      for (const [title, work] of Object.entries(works)) {
        say(`${size.toLocaleString('en-US')} ${title}`);
        // Not recorded: cold code is no basis for comparison.
        for (let i = 0; i < WARM_UPS && grown.length === 0; i++) await measure(product, work);
        const measured: Measured[] = [];
        for (let round = 0; round < rounds; round++) measured.push(await measure(product, work));
        grown.push({ title, size, measured });
      }
    }
    return grown;
  } finally {
    await owner.end();
    await product.stop();
  }
}

function lines(grown: Grown[]): string[] {
  const first = new Map<string, number>();
  return grown.map(({ title, size, measured }) => {
    const cpu = median(measured.map(cpuOf));
    if (!first.has(title)) first.set(title, cpu);
    const times = cpu / (first.get(title) as number);
    const lost = measured.reduce((sum, m) => sum + (m.lost ?? 0), 0);
    const [us, rate, grew] = [cpu, median(measured.map(rateOf)), times].map(short);
    const judged = times > RISE ? 'RISES' : 'flat';
    return `| ${[size.toLocaleString('en-US'), title, us, byProcess(measured), rate, grew, judged, lost].join(' | ')} |`;
  });
}

export async function growth(plan: GrowthPlan): Promise<string> {
  const onOne = plan.axes.filter((axis) => axis !== 'nodes').flatMap((axis) => stepsOf(axis, plan.to));
  const grown = onOne.length > 0 ? await walk(onOne, 2, plan) : [];
  if (plan.axes.includes('nodes'))
    for (const count of NODES) grown.push(...(await walk([nodesStep(count)], count, plan)));
  const order = [...new Set(grown.map(({ title }) => title))];
  grown.sort((a, b) => order.indexOf(a.title) - order.indexOf(b.title));
  return [
    `${availableParallelism()} cores, Node ${process.versions.node}, medians of ${plan.rounds} rounds, ${IN_FLIGHT} messages in flight`,
    '',
    '| size | of what | CPU µs/message | by process | messages/s | × the first | | lost |',
    '| --: | --- | --: | --- | --: | --: | --- | --: |',
    ...lines(grown),
  ].join('\n');
}
