// V8 CPU profiles of the service processes, and the functions with the largest share.
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

const SHOWN = 15;

/**
 * The folder of the profiles, and the environment that makes every service write one when it stops.
 */
export function profiling(): { dir: string; env: NodeJS.ProcessEnv } {
  const dir = mkdtempSync(join(tmpdir(), 'chatapi-profiles-'));
  return { dir, env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${dir}` } };
}

function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === '' ? '' : ` ${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`;
      return [id, `${functionName || '(anonymous)'}${place}`];
    }),
  );
  const times = new Map<string, number>();
  for (const [i, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    if (name !== '(idle)') times.set(name, (times.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  }
  return times;
}

const serviceOf = ({ nodes }: Profile): string | undefined =>
  nodes.map(({ callFrame }) => /\/services\/([^/]+)\//.exec(callFrame.url)?.[1]).find((name) => name !== undefined);

/** One text per process: its functions by self time. */
export function topFunctions(dir: string): string[] {
  return readdirSync(dir).map((file) => {
    const profile = JSON.parse(readFileSync(join(dir, file), 'utf8')) as Profile;
    const times = [...selfTimes(profile)].sort(([, a], [, b]) => b - a);
    const total = times.reduce((sum, [, us]) => sum + us, 0);
    const lines = times.slice(0, SHOWN).map(([name, us]) => `${((us * 100) / total).toFixed(1).padStart(5)} % ${name}`);
    return [`${serviceOf(profile) ?? 'other'}, busy ${Math.round(total / 1000)} ms (${file})`, ...lines].join('\n');
  });
}
