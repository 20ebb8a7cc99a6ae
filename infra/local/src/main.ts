// `npm start`: runs the cluster until Ctrl-C.
import { startWithApps } from './apps/start-with-apps.ts';
import type { Cluster } from './cluster.ts';
import { readyMessage } from './ready-message.ts';
import { buildSdk } from './sdk/build.ts';
import { readSettings } from './settings.ts';
import { UserError } from './user-error.ts';

const say = (line: string): void => void process.stderr.write(`chatapi: ${line}\n`);
const started = Date.now();
let cluster: Cluster | undefined;
let stopAskedAt = 0;
const starting = new AbortController();

/**
 * The first signal stops the cluster. npm and the terminal may both send it, so only a later one
 * kills it.
 */
function stop(): void {
  const again = stopAskedAt > 0 && Date.now() - stopAskedAt > 1000;
  stopAskedAt ||= Date.now();
  if (again) process.exit(1);
  starting.abort();
  if (cluster === undefined) return;
  say('stopping');
  const running = cluster;
  cluster = undefined;
  void running.stop().then(() => process.exit(0));
}
process.on('SIGINT', stop).on('SIGTERM', stop).on('disconnect', stop);

try {
  const settings = readSettings(process.env);
  // Beside the start; a cluster without SDKs to install is one all the same.
  const built = buildSdk(say).catch((error: Error) => say(`the SDKs could not be built: ${error.message}`));
  const ready = await startWithApps(settings, { say }, starting.signal);
  await built;
  cluster = ready;
  process.stdout.write(`${readyMessage(ready, settings, (Date.now() - started) / 1000)}\n`);
} catch (error) {
  say(error instanceof UserError ? error.message : String((error as Error).stack));
  process.exit(starting.signal.aborted ? 0 : 1);
}
