// The path of a request to its rule: identity, role, validation, response, error. Routes are data.
import type { IncomingHttpHeaders } from 'node:http';
import express from 'express';
import Joi from 'joi';
import type { RequiredScope } from './auth/scopes.ts';
import type { ServiceKeys } from './auth/service-keys.ts';
import type { Caller, Identity } from './auth/signed-identity.ts';
import { AppError } from './errors.ts';
import { FORM_TYPE, formOf } from './form-body.ts';
import { parse, refuseNul } from './input.ts';
import { jsonOf, requireJson, utf8Text } from './json-body.ts';
import { type RecordKeyAct, recordIfActed } from './key-acts.ts';
import {
  identityOf,
  isInternal,
  type RequiredRole,
  recordRefusal,
  requireAllowed,
  requireNamed,
} from './route-access.ts';
import type { HandleRpc } from './rpc/rpc-server.ts';
import type { SecuritySink } from './security-log.ts';
import type { Json } from './wire-object.ts';

type Method = 'get' | 'post' | 'put' | 'delete';

export interface RequestContext<P = Record<string, string>, Q = Record<string, unknown>, B = unknown> {
  /** Set on every route but those for `anyone` and for services. */
  caller: Caller;
  identity: Identity;
  params: P;
  query: Q;
  body: B;
  request_id: string;
  ip: string;
  user_agent: string;
  /** That the client prefers of those in which mails and pages are written; else English. */
  readonly language: 'en' | 'de';
  headers: IncomingHttpHeaders;
  /** For routes that stream (`raw: true`) or set headers of their own. */
  req: express.Request;
  res: express.Response;
}

export interface Route<C, P = any, Q = any, B = any, A = any> {
  method: Method;
  /** In Express' and OpenAPI's common form: `/messages/:id`. */
  path: string;
  summary: string;
  tag?: string;
  who: RequiredRole;
  /** What it needs of an application key or a bot token; required on public routes. */
  scope?: RequiredScope;
  /** An application key may call it without acting as somebody. */
  keyAlone?: boolean;
  /** Not audited when a key does it as a person: messages, reactions and reads. */
  unrecorded?: boolean;
  params?: Joi.ObjectSchema<P>;
  query?: Joi.ObjectSchema<Q>;
  body?: Joi.ObjectSchema<B>;
  /** A body for the documents: what the page of the API tries out. Required on public routes. */
  example?: object;
  /**
   * Reads the body instead of its schema, which is then for the documents: where one bad item must
   * not refuse the others.
   */
  readBody?: (body: unknown) => B;
  /** Takes a body of up to 4 MiB instead of 100 KiB. */
  isLarge?: true;
  /** Schema of the response, for the documents. Responses are not validated at run time. */
  answer?: Joi.Schema<NoInfer<Json<A>>>;
  /**
   * Success status for the documents and for what the rule returns; 204 when it returns nothing.
   * Default 200.
   */
  status?: number;
  /** For the documents: status of the response to a repeat, with the same schema. */
  repeatStatus?: number;
  /** For the documents: error statuses besides the common ones. */
  errors?: number[];
  description?: string;
  /** The body may be a form (application/x-www-form-urlencoded) too, as OAuth clients send it. */
  form?: true;
  /** The rule writes the response itself. */
  raw?: boolean;
  /** For the documents: request headers with a meaning of their own. */
  headers?: Joi.ObjectSchema;
  /** Further things for the documents: multipart bodies, binary answers. */
  docs?: Record<string, unknown>;
  rule: (ctx: C, call: RequestContext<P, Q, B>) => Promise<A | Reply<A>>;
}

/** Gives a route's rule the types of its schemas. */
export const route = <C, P = Record<string, string>, Q = Record<string, unknown>, B = unknown, A = any>(
  r: Route<C, P, Q, B, A>,
): Route<C> => r;

/** A rule returns this to answer another status than its route's. */
export class Reply<A = unknown> {
  readonly status: number;
  readonly body: A;
  readonly headers: Record<string, string>;
  constructor(status: number, body: A, headers: Record<string, string> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

// Inflating is off: a small body could become a large one.
const { raw } = express;
const reader = (limit: string) => raw({ limit, type: () => true, inflate: false });
const readBody = reader('100kb');
const readLarge = reader('4mb');
// Services send each other batches: a node's sends of one turn, positions, heads of all its rooms.
const readBatch = reader('32mb');

// No body at all is the same as `{}`: a POST without anything is asked only for what it must have.
const hasBody = (req: express.Request): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

const received = (read: express.RequestHandler, req: express.Request, res: express.Response): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    read(req, res, (error?: unknown) => (error ? reject(error) : resolve(req.body as Buffer))),
  );

/** By Accept-Language. */
export const languageOf = (req: express.Request): 'en' | 'de' =>
  req.acceptsLanguages('en', 'de') === 'de' ? 'de' : 'en';

const NO_QUERY = Joi.object<Record<string, never>>({});

async function bodyOf(r: Route<any>, req: express.Request, res: express.Response): Promise<unknown> {
  if (r.body === undefined || !hasBody(req)) return {};
  const isForm = r.form === true && FORM_TYPE.test(req.headers['content-type'] ?? '');
  if (!isForm) requireJson(req.headers['content-type']);
  const read = isInternal(r.who) ? readBatch : r.isLarge ? readLarge : readBody;
  const text = utf8Text(await received(read, req, res));
  return isForm ? formOf(text) : jsonOf(text);
}

interface Table<C> {
  ctx: C;
  keys: ServiceKeys;
  recordKeyAct?: RecordKeyAct<C>;
}

async function serve<C extends SecuritySink>(
  { ctx, keys, recordKeyAct }: Table<C>,
  r: Route<C>,
  req: express.Request,
  res: express.Response,
): Promise<void> {
  const request_id = res.locals.request_id as string;
  const identity = identityOf(ctx, keys, r, req, request_id);
  try {
    requireAllowed(r, identity);
    await respond(ctx, identity, r, req, res, recordKeyAct);
  } catch (error) {
    recordRefusal(ctx, r, identity, request_id, error);
    throw error;
  }
}

async function respond<C>(
  ctx: C,
  identity: Identity,
  r: Route<C>,
  req: express.Request,
  res: express.Response,
  recordKeyAct?: RecordKeyAct<C>,
): Promise<void> {
  const inside = isInternal(r.who);
  // Names alone are what most paths need: without a schema they come as they are.
  const params = r.params === undefined ? { ...req.params } : parse(r.params, { ...req.params }, 'text');
  const query = parse(r.query ?? NO_QUERY, { ...req.query }, inside ? 'peer text' : 'text');
  const body = await bodyOf(r, req, res);
  const call: RequestContext<any, any, any> = {
    caller: identity as Caller,
    identity,
    params,
    query,
    body: r.readBody?.(body) ?? parse(r.body, body, inside ? 'peer' : 'json'),
    request_id: res.locals.request_id as string,
    ip: identity.kind === 'service' ? '' : identity.ip,
    user_agent: identity.kind === 'service' ? '' : (identity.user_agent ?? ''),
    get language() {
      return languageOf(req);
    },
    headers: req.headers,
    req,
    res,
  };
  if (!inside) refuseNul(call.query);
  if (!inside && r.readBody === undefined) refuseNul(call.body);
  await recordIfActed(ctx, r, identity, req, recordKeyAct);
  const answer = await r.rule(ctx, call);
  if (r.raw) return;
  if (answer instanceof Reply) {
    res.set(answer.headers).status(answer.status);
    answer.body === undefined ? res.end() : res.json(answer.body);
  } else if (answer === undefined) res.status(204).end();
  else res.status(r.status ?? 200).json(answer);
}

/**
 * A peer of a newer version asked for what this one does not have yet. It takes that for an
 * instance that is away: it asks another one, and its client may try again.
 */
export const unknownRoute = (name: string): AppError =>
  new AppError('SERVICE_UNAVAILABLE', `No route ${name.slice(0, 200)}`, { status: 501 });

/**
 * The same table for callers by the kept socket: routes for services without names in their path.
 */
export function handleCalls<C extends SecuritySink>(ctx: C, routes: Route<C>[]): HandleRpc {
  const plain = routes.filter(({ who, path }) => isInternal(who) && !path.includes(':'));
  const byName = new Map(plain.map((r) => [`${r.method.toUpperCase()} ${r.path}`, r]));
  return async (what, body, caller) => {
    const [name = '', query = ''] = what.split('?', 2);
    const r = byName.get(name);
    if (r === undefined) throw unknownRoute(name);
    requireNamed(ctx, r, caller);
    return await r.rule(ctx, {
      query: parse(r.query, Object.fromEntries(new URLSearchParams(query)), 'peer text'),
      body: parse(r.body, body ?? {}, 'peer'),
    } as RequestContext);
  };
}

/**
 * Paths of the table with every method they know, so that a known path with another method answers
 * 405 with Allow.
 */
function methodsOf(routes: Route<any>[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const r of routes) methods.set(r.path, [...(methods.get(r.path) ?? []), r.method.toUpperCase()]);
  return methods;
}

export function router<C extends SecuritySink>(
  ctx: C,
  keys: ServiceKeys,
  routes: Route<C>[],
  recordKeyAct?: RecordKeyAct<C>,
): express.Router {
  const table = express.Router({ strict: false, caseSensitive: true });
  for (const r of routes) {
    table[r.method](r.path, (req, res, next) => {
      res.locals.route = r.path;
      serve({ ctx, keys, recordKeyAct }, r, req, res).catch(next);
    });
  }
  for (const [path, methods] of methodsOf(routes)) {
    table.all(path, (req, _res, next) => {
      const Allow = methods.includes('GET') ? [...methods, 'HEAD'].join(', ') : methods.join(', ');
      next(new AppError('METHOD_NOT_ALLOWED', `${req.method} is not allowed here`, { headers: { Allow } }));
    });
  }
  return table;
}
