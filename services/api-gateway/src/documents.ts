import { type Peer, unavailable } from '@chatapi/kit';
import type { Upstream } from './config.ts';
import { type Context, VERSION } from './context.ts';
import { type Fragments, openApiDocument, type Paths } from './openapi.ts';

const FETCH_MS = 1500;
const FRESH_MS = 60_000;
const SERVICES: Upstream[] = ['auth', 'user', 'message', 'file', 'admin'];

interface Known {
  value: unknown;
  at: number;
}

// Documents are the same for all instances of a service and change only with a release.
const known = new WeakMap<Peer, Known>();

/** The last known document of a peer: fresh if it can be had, else as it was; undefined when it was never seen. */
async function documentOf(peer: Peer, path: string): Promise<unknown> {
  const before = known.get(peer);
  if (before !== undefined && Date.now() - before.at < FRESH_MS) return before.value;
  try {
    const value = await peer.call<unknown>('GET', path, { timeoutMs: FETCH_MS });
    known.set(peer, { value, at: Date.now() });
    return value;
  } catch {
    return before?.value;
  }
}

/** `door`: what the door itself answers. */
export async function openApi(ctx: Context, door: Paths): Promise<unknown> {
  const found = await Promise.all(SERVICES.map((name) => documentOf(ctx.peers[name], '/internal/openapi.json')));
  const fragments: Fragments = { door };
  SERVICES.forEach((name, i) => {
    if (found[i] !== undefined) fragments[name] = found[i] as Paths;
  });
  return openApiDocument(VERSION, fragments);
}

/** @throws AppError 503 while no realtime node has ever answered. */
export async function asyncApi(ctx: Context): Promise<unknown> {
  const document = await documentOf(ctx.peers.realtime, '/internal/asyncapi.json');
  if (document === undefined) throw unavailable('The description of the socket');
  return document;
}
