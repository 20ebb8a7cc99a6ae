// Owns: the way of every request into a rule: identity, rights, shapes, answer, error. Routes are data; they hold no `if`.
// Does not own: what a rule decides (who may see which row).
import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import express from 'express';
import type Joi from 'joi';
import type { AnswerCall } from './call-door.ts';
import { AppError, notFound } from './errors.ts';
import { type Caller, IDENTITY_HEADER, type Identity, openIdentity, type Role } from './identity.ts';

/** Who may call: `user` is any account, `moderator` includes admins, `service` is another service on the second listener. */
export type Who = 'anyone' | 'user' | 'moderator' | 'admin' | 'service';
export type Method = 'get' | 'post' | 'put' | 'delete';

export interface Call<P = Record<string, string>, Q = Record<string, unknown>, B = unknown> {
  /** Set on every route but `anyone` and `service`. */
  caller: Caller;
  identity: Identity;
  params: P;
  query: Q;
  body: B;
  request_id: string;
  ip: string;
  user_agent: string;
  headers: IncomingHttpHeaders;
  /** For routes that stream (`raw: true`) or set headers of their own. */
  req: express.Request;
  res: express.Response;
}

export interface Route<C, P = any, Q = any, B = any> {
  method: Method;
  /** In Express' and OpenAPI's common form: `/messages/:id`. */
  path: string;
  summary: string;
  tag?: string;
  who: Who;
  params?: Joi.ObjectSchema<P>;
  query?: Joi.ObjectSchema<Q>;
  body?: Joi.ObjectSchema<B>;
  /** Schema of the answer, for the documents only. */
  answer?: Joi.Schema;
  /** Success status for the documents and for what the rule returns; 204 when it returns nothing. Default 200. */
  status?: number;
  /** The rule writes the response itself. */
  raw?: boolean;
  /** Further things for the documents: multipart bodies, binary answers. */
  docs?: Record<string, unknown>;
  rule: (ctx: C, call: Call<P, Q, B>) => Promise<unknown>;
}

/** Gives a route's rule the types of its schemas. */
export const route = <C, P = Record<string, string>, Q = Record<string, unknown>, B = unknown>(
  r: Route<C, P, Q, B>,
): Route<C> => r;

/** A rule returns this to answer another status than its route's. */
export class Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Record<string, string>;
  constructor(status: number, body: unknown, headers: Record<string, string> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

const RANK: Record<Role, number> = { user: 0, moderator: 1, admin: 2 };

function admit(who: Who, identity: Identity): void {
  if (who === 'anyone') return;
  if (who === 'service') {
    if (identity.kind !== 'service') throw new AppError('AUTHORIZATION_ERROR', 'For services only');
    return;
  }
  if (identity.kind !== 'user') throw new AppError('AUTHENTICATION_ERROR', 'A valid access token is needed');
  if (who !== 'user' && RANK[identity.role] < RANK[who])
    throw new AppError('AUTHORIZATION_ERROR', `This needs the role ${who}`);
}

/** How a value is read: JSON means exactly what it says; what stands in a path or a query is text, and strangers in a query are passed over. */
export type Reading = 'json' | 'path' | 'query';

/** A pattern's name says what it asks for. Here, since a field with messages of its own costs as much again to validate. */
const MESSAGES = {
  'string.pattern.name': '{{#label}} {{#name}}',
  'string.pattern.invert.name': '{{#label}} {{#name}}',
};
const TELLING = { abortEarly: false, errors: { wrap: { label: false } }, messages: MESSAGES } as const;
const READINGS: Record<Reading, Joi.ValidationOptions> = {
  json: { ...TELLING, convert: false },
  path: { ...TELLING, convert: true },
  query: { ...TELLING, convert: true, stripUnknown: true },
};

/** Options that are a schema's own are read once; given with each call they cost a third of a small frame's validation. */
const readers: Record<Reading, WeakMap<Joi.Schema, Joi.Schema>> = {
  json: new WeakMap(),
  path: new WeakMap(),
  query: new WeakMap(),
};

function readerOf(schema: Joi.Schema, reading: Reading): Joi.Schema {
  let reader = readers[reading].get(schema);
  if (reader === undefined) {
    reader = schema.prefs(READINGS[reading]);
    readers[reading].set(schema, reader);
  }
  return reader;
}

/** @throws AppError VALIDATION_ERROR with every bad field. */
export function parse<T>(schema: Joi.Schema<T> | undefined, value: unknown, reading: Reading): T {
  if (schema === undefined) return {} as T;
  const result = readerOf(schema, reading).validate(value);
  if (result.error === undefined) return result.value as T;
  const fields = result.error.details.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new AppError('VALIDATION_ERROR', 'Invalid input', { details: { fields } });
}

/**
 * PostgreSQL stores no U+0000, and no schema of a word thinks of it. Looked for behind the schemas: texts for screens have
 * lost theirs by then.
 */
function refuseNul(value: unknown, path: string[] = []): void {
  if (typeof value === 'string') {
    if (!value.includes('\0')) return;
    const field = path.join('.');
    const message = `${field} must not contain U+0000`;
    throw new AppError('VALIDATION_ERROR', 'Invalid input', { details: { fields: [{ path: field, message }] } });
  }
  if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) refuseNul(inner, [...path, key]);
}

const reader = (limit: string) => express.json({ limit, strict: true, type: () => true, inflate: false });
const readJson = reader('100kb');
// Services send each other batches: a node's sends of one turn, positions, heads of all its rooms.
const readBatch = reader('32mb');

function needsJson(req: express.Request): void {
  const type = req.headers['content-type'];
  if (type === undefined || !/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json');
  }
}

// No body at all is the same as `{}`: a POST without anything is asked only for what it must have.
const hasBody = (req: express.Request): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

const body = (read: express.RequestHandler, req: express.Request, res: express.Response): Promise<void> =>
  new Promise((resolve, reject) => read(req, res, (error?: unknown) => (error ? reject(error) : resolve())));

async function serve<C>(
  ctx: C,
  key: KeyObject,
  r: Route<C>,
  req: express.Request,
  res: express.Response,
): Promise<void> {
  const identity = openIdentity(key, req.headers[IDENTITY_HEADER]);
  admit(r.who, identity);
  // Names alone are what most paths need: without a schema they come as they are.
  const params = r.params === undefined ? { ...req.params } : parse(r.params, { ...req.params }, 'path');
  const query = parse(r.query, { ...req.query }, 'query');
  if (r.body !== undefined && hasBody(req)) {
    needsJson(req);
    await body(r.who === 'service' ? readBatch : readJson, req, res);
  }
  const call: Call<any, any, any> = {
    caller: identity as Caller,
    identity,
    params,
    query,
    body: parse(r.body, req.body ?? {}, 'json'),
    request_id: res.locals.request_id as string,
    ip: identity.kind === 'service' ? '' : identity.ip,
    user_agent: identity.kind === 'service' ? '' : (identity.user_agent ?? ''),
    headers: req.headers,
    req,
    res,
  };
  if (r.who !== 'service') refuseNul(call.query);
  if (r.who !== 'service') refuseNul(call.body);
  const answer = await r.rule(ctx, call);
  if (r.raw) return;
  if (answer instanceof Answer) {
    res.set(answer.headers).status(answer.status);
    answer.body === undefined ? res.end() : res.json(answer.body);
  } else if (answer === undefined) res.status(204).end();
  else res.status(r.status ?? 200).json(answer);
}

/** The same table for callers by the kept socket: routes for services without names in their path. */
export function answerCalls<C>(ctx: C, routes: Route<C>[]): AnswerCall {
  const plain = routes.filter(({ who, path }) => who === 'service' && !path.includes(':'));
  const byName = new Map(plain.map((r) => [`${r.method.toUpperCase()} ${r.path}`, r]));
  return async (what, body) => {
    const [name = '', query = ''] = what.split('?', 2);
    const r = byName.get(name);
    if (r === undefined) throw notFound('Route');
    return await r.rule(ctx, {
      query: parse(r.query, Object.fromEntries(new URLSearchParams(query)), 'query'),
      body: parse(r.body, body ?? {}, 'json'),
    } as Call);
  };
}

/** Paths of the table with every method they know, so that a known path with another method answers 405 with Allow. */
function methodsOf(routes: Route<any>[]): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const r of routes) methods.set(r.path, [...(methods.get(r.path) ?? []), r.method.toUpperCase()]);
  return methods;
}

export function router<C>(ctx: C, key: KeyObject, routes: Route<C>[]): express.Router {
  const table = express.Router({ strict: false, caseSensitive: true });
  for (const r of routes) {
    table[r.method](r.path, (req, res, next) => {
      res.locals.route = r.path;
      serve(ctx, key, r, req, res).catch(next);
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
