// The API documents, each kept as the text that is sent. Only a release changes them.
import { isDeepStrictEqual } from 'node:util';
import { unavailable, VERSION } from '@chatapi/kit';
import type { ServiceName } from './config.ts';
import type { Context, ServiceClients } from './context.ts';
import { type Fragments, openApiDocument, type Paths } from './openapi.ts';
import { type StaticText, staticText } from './static-text.ts';

const FETCH_TIMEOUT_MS = 1500;
const MAX_AGE_MS = 60_000;
const SERVICES: ServiceName[] = ['auth', 'user', 'message', 'file', 'admin', 'integration'];

/** A document names the services that it lacks under `x-missing`; such a one is fetched anew. */
const isComplete = (document: unknown): boolean => !Object.hasOwn(document as object, 'x-missing');

/** A service's document, at most MAX_AGE_MS old; the last known one while the service is away. */
async function fetchDocument(
  { clients, documents }: Context,
  name: keyof ServiceClients,
  path: string,
): Promise<unknown> {
  const cached = documents.fetched.get(name);
  if (cached !== undefined && Date.now() - cached.at < MAX_AGE_MS) return cached.value;
  try {
    const answer = await clients[name].call<unknown>('GET', path, { timeoutMs: FETCH_TIMEOUT_MS });
    // The same object as long as nothing changed: a new one is rendered again, which takes 0.1 s.
    const value = isDeepStrictEqual(answer, cached?.value) ? cached?.value : answer;
    documents.fetched.set(name, { value, at: isComplete(value) ? Date.now() : 0 });
    return value;
  } catch {
    return cached?.value;
  }
}

/** One fetch serves all who ask meanwhile. */
function documentOf(ctx: Context, name: keyof ServiceClients, path: string): Promise<unknown> {
  const { fetching } = ctx.documents;
  const running = fetching.get(name);
  if (running !== undefined) return running;
  const fetched = fetchDocument(ctx, name, path).finally(() => fetching.delete(name));
  fetching.set(name, fetched);
  return fetched;
}

/** Serialised again only when a source is another object. */
function rendered(ctx: Context, name: string, sources: unknown[], make: () => unknown): StaticText {
  const known = ctx.documents.rendered.get(name);
  if (known?.sources.every((source, i) => source === sources[i])) return known.text;
  const text = staticText('application/json', JSON.stringify(make()));
  ctx.documents.rendered.set(name, { sources, text });
  return text;
}

/** @param own the operations that the gateway itself serves. */
export async function openApi(ctx: Context, own: () => Paths): Promise<StaticText> {
  const found = await Promise.all(SERVICES.map((name) => documentOf(ctx, name, '/internal/openapi.json')));
  return rendered(ctx, 'openapi', found, () => {
    const fragments: Fragments = { gateway: own() };
    SERVICES.forEach((name, i) => {
      if (found[i] !== undefined) fragments[name] = found[i] as Paths;
    });
    return openApiDocument(
      VERSION,
      fragments,
      SERVICES.filter((name) => fragments[name] === undefined),
    );
  });
}

/** @throws AppError 503 while no realtime node has ever answered. */
export async function asyncApi(ctx: Context): Promise<StaticText> {
  const document = await documentOf(ctx, 'realtime', '/internal/asyncapi.json');
  if (document === undefined) throw unavailable('The description of the socket');
  return rendered(ctx, 'asyncapi', [document], () => document);
}
