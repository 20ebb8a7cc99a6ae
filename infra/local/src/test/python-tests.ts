// Tests of the Python SDK: unit tests, types by pyright, and by mypy if it is installed.
import { join } from 'node:path';
import { python } from '../python.ts';
import { REPO } from '../settings.ts';
import { type Ended, type Outcome, runCommand, verdict } from './run-command.ts';

const PYRIGHT = join(REPO, 'infra', 'local', 'node_modules', '.bin', 'pyright');
const PACKAGE = join(REPO, 'packages', 'client-python');

const count = (output: string, pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);

function outcomeOf({ code, output }: Ended): Outcome {
  const ran = count(output, /^Ran (\d+) tests? in/m) - count(output, /skipped=(\d+)/);
  const failed = count(output, /failures=(\d+)/) + count(output, /errors=(\d+)/);
  const more = (code !== 0 && failed === 0) || ran <= 0 ? 1 : 0;
  const failures = failed + more > 0 ? [`Python SDK:\n${output.trimEnd().slice(-3000)}`] : [];
  return { passed: Math.max(0, ran - failed), failed: failed + more, failures };
}

/** Strict, over the SDK and the example: `[tool.pyright]` in the package's pyproject.toml. */
const pyright = (file: string, env: NodeJS.ProcessEnv): Promise<Ended> =>
  runCommand(PYRIGHT, ['-p', join(PACKAGE, 'pyproject.toml'), '--pythonpath', file, '--warnings'], env);

const hasMypy = async (file: string, env: NodeJS.ProcessEnv): Promise<boolean> =>
  (await runCommand(file, ['-m', 'mypy', '--version'], env)).code === 0;

function mypy(file: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  const config = ['--config-file', join(PACKAGE, 'pyproject.toml'), '--cache-dir', join(REPO, '.cache', 'mypy')];
  const places = ['src', 'tests'].map((name) => join(PACKAGE, name));
  const users = ['examples/python-bot', 'infra/conformance/drivers/python', 'infra/e2e/sdk/sdk-python'].map((place) =>
    join(REPO, place),
  );
  return runCommand(file, ['-m', 'mypy', ...config, ...places, ...users], env);
}

const joined = (outcomes: Outcome[]): Outcome => ({
  passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
  failed: outcomes.reduce((sum, { failed }) => sum + failed, 0),
  failures: outcomes.flatMap(({ failures }) => failures),
});

export async function pythonTests(): Promise<Outcome & { output: string }> {
  let output = '';
  const { file, env } = python((line) => {
    output += `${line}\n`;
  });
  const ran = await runCommand(file, ['-m', 'unittest', 'discover', '-s', join(PACKAGE, 'tests'), '-t', PACKAGE], env);
  const types = [await pyright(file, env)];
  if (await hasMypy(file, env)) types.push(await mypy(file, env));
  return {
    ...joined([outcomeOf(ran), ...types.map((ended) => verdict('types of the Python SDK', ended))]),
    output: output + [ran, ...types].map((ended) => ended.output).join(''),
  };
}
