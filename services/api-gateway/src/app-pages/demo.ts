// The demo: a page with two people, which may choose their nodes and kill them.
import type { Config } from '../config.ts';
import { type App, type Call, readApp, type Shown, sendApp } from './app.ts';

export interface Demo extends App {
  /** Of the local runner, which can kill a node. */
  runner?: { url: string; token: string };
  /** How many nodes a socket may ask for; 0: the gateway chooses. */
  nodes: number;
}

/** A page may ask for a node with `?node=`, counted from 1; not where strangers could. */
export const mayChooseNode = ({ NODE_ENV }: Pick<Config, 'NODE_ENV'>): boolean => NODE_ENV !== 'production';

function runnerOf({ DEMO_RUNNER_URL }: Config): Demo['runner'] {
  if (DEMO_RUNNER_URL === undefined) return undefined;
  const { origin, username } = new URL(DEMO_RUNNER_URL);
  return { url: origin, token: username };
}

/** undefined: off, or not built. */
export function readDemo(config: Config): Demo | undefined {
  const app = config.DEMO ? readApp('demo') : undefined;
  if (app === undefined) return undefined;
  return { ...app, nodes: mayChooseNode(config) ? config.REALTIME_URL.length : 0, runner: runnerOf(config) };
}

/** Names that lead to this machine, whatever a DNS server says. */
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/;

function shownTo(demo: Demo | undefined, { req }: Call): Shown {
  // A page of another name, made to lead here, must not read the runner's token.
  const isLocal = LOOPBACK.test(String(req.headers['x-forwarded-host']));
  const runner = isLocal ? demo?.runner : undefined;
  return { settings: { nodes: demo?.nodes, runner }, connect: runner === undefined ? [] : [runner.url] };
}

/** @throws AppError 404 */
export const sendDemo = (demo: Demo | undefined, call: Call): void => sendApp(demo, call, shownTo(demo, call));
