// Owns: the Python SDK's own checks, as a part of `npm test`: unit tests, and types where a mypy is there.
import { join } from 'node:path';
import { python } from './python.ts';
import { REPO } from './settings.ts';

type Run = (file: string, args: string[], env?: NodeJS.ProcessEnv) => Promise<{ code: number; output: string }>;
interface Outcome {
  passed: number;
  failed: number;
}

const PACKAGE = join(REPO, 'packages', 'client-python');

const count = (output: string, pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);

function outcomeOf({ code, output }: { code: number; output: string }): Outcome {
  const ran = count(output, /^Ran (\d+) tests? in/m) - count(output, /skipped=(\d+)/);
  const failed = count(output, /failures=(\d+)/) + count(output, /errors=(\d+)/);
  const more = (code !== 0 && failed === 0) || ran <= 0 ? 1 : 0;
  return { passed: Math.max(0, ran - failed), failed: failed + more };
}

export async function pythonTests(run: Run): Promise<Outcome> {
  const { file, env } = python((line) => void process.stdout.write(`${line}\n`));
  const units = outcomeOf(
    await run(file, ['-m', 'unittest', 'discover', '-s', join(PACKAGE, 'tests'), '-t', PACKAGE], env),
  );
  const { code } = await run(file, ['-m', 'mypy', '--version'], env);
  if (code !== 0) return units;
  const config = ['--config-file', join(PACKAGE, 'pyproject.toml'), '--cache-dir', join(REPO, '.cache', 'mypy')];
  const places = ['src', 'tests'].map((name) => join(PACKAGE, name));
  const users = ['examples/python-bot', 'infra/conformance/drivers/python', 'infra/e2e/sdk-python'].map((place) =>
    join(REPO, place),
  );
  const types = await run(file, ['-m', 'mypy', ...config, ...places, ...users], env);
  return { passed: units.passed + (types.code === 0 ? 1 : 0), failed: units.failed + (types.code === 0 ? 0 : 1) };
}
