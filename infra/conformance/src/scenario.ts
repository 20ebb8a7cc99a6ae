// Owns: when the scenarios run: in their order, several at a time, each with every SDK side by side: what one breaks, the
// others must bear. Most of a scenario is waiting, so that all together take little longer than the longest.
import { cluster, dispose, ownCluster } from './cluster.ts';
import { KINDS } from './kinds.ts';
import { openLine } from './line.ts';
import { play, type Scenario } from './world.ts';

export interface Needs {
  /** It kills what the others need. */
  alone?: boolean;
  /** A cluster of its own, with these settings. */
  settings?: NodeJS.ProcessEnv;
}

/** How each SDK failed that did. */
type Failures = Map<string, unknown>;

/** More at once would be a queue for the processor. */
const AT_ONCE = 4;
const LONGEST_RUN_MS = 900_000;

const line = openLine(AT_ONCE);
const planned: (() => void)[] = [];

async function playWithEach(act: Scenario, settings?: NodeJS.ProcessEnv): Promise<Failures> {
  const failures: Failures = new Map();
  const own = settings && (await ownCluster(settings));
  try {
    const plays = KINDS.map((kind) =>
      play(kind, own ?? cluster(), act).catch((error) => void failures.set(kind.name, error)),
    );
    await Promise.all(plays);
    return failures;
  } finally {
    await dispose(own);
  }
}

const inTurn = (act: Scenario, { alone, settings }: Needs): Promise<Failures> =>
  settings === undefined ? line(alone ? AT_ONCE : 1, () => playWithEach(act)) : playWithEach(act, settings);

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
