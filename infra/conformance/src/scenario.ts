// Owns: when the scenarios run: in their order, several at a time, each with every SDK side by side: what one breaks, the
// others must bear. Most of a scenario is waiting, so that all together take little longer than the longest.
import { cluster, narrowCluster } from './cluster.ts';
import { KINDS } from './kinds.ts';
import { openLine } from './line.ts';
import { play, type Scenario } from './world.ts';

export interface Needs {
  /** It kills what the others need. */
  alone?: boolean;
  /** The cluster with narrow limits. */
  narrow?: boolean;
}

/** How each SDK failed that did. */
type Failures = Map<string, unknown>;

/** More at once would be a queue for the processor. */
const AT_ONCE = 4;
const LONGEST_RUN_MS = 900_000;

const line = openLine(AT_ONCE);
const planned: (() => void)[] = [];

async function playWithEach(act: Scenario, narrow: boolean): Promise<Failures> {
  const failures: Failures = new Map();
  const place = narrow ? await narrowCluster() : cluster();
  await Promise.all(KINDS.map((kind) => play(kind, place, act).catch((error) => void failures.set(kind.name, error))));
  return failures;
}

const inTurn = (act: Scenario, { alone = false, narrow = false }: Needs): Promise<Failures> =>
  narrow ? playWithEach(act, narrow) : line(alone ? AT_ONCE : 1, () => playWithEach(act, narrow));

export function scenario(title: string, act: Scenario, needs: Needs = {}): void {
  let outcome: Promise<Failures>;
  planned.push(() => {
    outcome = inTurn(act, needs);
    // It is told where its test is reached.
    outcome.catch(() => undefined);
  });
  describe(title, function () {
    this.timeout(LONGEST_RUN_MS);
    for (const { name } of KINDS) {
      it(name, async () => {
        const failures = await outcome;
        if (failures.has(name)) throw failures.get(name);
      });
    }
  });
}

// A hook of the whole run, after the one that starts the cluster.
before(() => {
  for (const start of planned) start();
});
