// Runs the scenarios in order, several at a time, each with every SDK in parallel. Scenarios mostly
// wait, so all together take little longer than the longest.
import { cluster, narrowCluster } from './cluster.ts';
import { runScenario, type Scenario } from './run-scenario.ts';
import { SDKS, VIEWERS } from './sdks.ts';
import { createSemaphore } from './semaphore.ts';

export interface Needs {
  /** It kills processes that others need. */
  alone?: boolean;
  /** It needs the cluster with narrow limits. */
  narrow?: boolean;
  /** It is about what an app sees, so it runs with the stores too. */
  stores?: boolean;
}

/** The errors of the SDKs that failed. */
type Failures = Map<string, unknown>;

/** More would only compete for the CPU. */
const AT_ONCE = 4;
const MAX_RUN_MS = 900_000;

const semaphore = createSemaphore(AT_ONCE);
const planned: (() => void)[] = [];

const sdksFor = ({ stores = false }: Needs) => (stores ? VIEWERS : SDKS);

async function playWithEach(act: Scenario, needs: Needs): Promise<Failures> {
  const failures: Failures = new Map();
  const place = needs.narrow ? await narrowCluster() : cluster();
  await Promise.all(
    sdksFor(needs).map((kind) => runScenario(kind, place, act).catch((error) => void failures.set(kind.name, error))),
  );
  return failures;
}

const run = (act: Scenario, needs: Needs): Promise<Failures> =>
  needs.narrow ? playWithEach(act, needs) : semaphore(needs.alone ? AT_ONCE : 1, () => playWithEach(act, needs));

export function scenario(title: string, act: Scenario, needs: Needs = {}): void {
  let outcome: Promise<Failures>;
  planned.push(() => {
    outcome = run(act, needs);
    // The error is reported by the test.
    outcome.catch(() => undefined);
  });
  describe(title, function () {
    this.timeout(MAX_RUN_MS);
    for (const { name } of sdksFor(needs)) {
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
