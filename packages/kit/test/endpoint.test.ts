import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import Joi from 'joi';
import type { Identity, Role } from '../src/auth/signed-identity.ts';
import { closeServer } from '../src/close-server.ts';
import { handleCalls, Reply, type Route, route, router } from '../src/endpoint.ts';
import { jsonSchema } from '../src/json-schema.ts';
import { createLog } from '../src/log.ts';
import { describeRoutes, describeRoutesInTurns } from '../src/openapi-operations.ts';
import type { SecuritySink } from '../src/security-log.ts';
import { createApp, listen } from '../src/server.ts';
import { identityHeader, serviceIdentity, testKeys } from '../src/testing/identities.ts';
import { collectSecurityLines } from '../src/testing/security-lines.ts';
import { silentSink } from '../src/testing/service.ts';

const keys = testKeys('message');
const body = Joi.object<{ name: string; n?: number }>({ name: Joi.string().required(), n: Joi.number() });
const params = Joi.object<{ id: string }>({ id: Joi.string().pattern(/^x/).required() });
const query = Joi.object<{ limit: number }>({ limit: Joi.number().min(1).max(5).default(3) });

const routes: Route<{ tag: string } & SecuritySink>[] = [
  route({
    method: 'get',
    path: '/open',
    summary: 'Open',
    who: 'anyone',
    answer: Joi.object({ ip: Joi.string() }),
    rule: async (_, { ip }) => ({ ip }),
  }),
  route({
    method: 'get',
    path: '/things/:id',
    summary: 'One',
    who: 'user',
    params,
    query,
    rule: async (ctx, call) => ({ tag: ctx.tag, ...call.params, ...call.query, caller: call.caller.user_id }),
  }),
  route({
    method: 'post',
    path: '/things',
    summary: 'Make',
    tag: 'Things',
    who: 'user',
    body,
    status: 201,
    rule: async (_, call) => call.body,
  }),
  route({ method: 'delete', path: '/things/:id', summary: 'Drop', who: 'moderator', rule: async () => undefined }),
  route({
    method: 'put',
    path: '/things/:id',
    summary: 'Again',
    who: 'admin',
    rule: async () => new Reply(202, { again: true }, { 'X-More': '1' }),
  }),
  route({ method: 'get', path: '/internal/x', summary: 'Inner', who: ['admin'], rule: async () => ({}) }),
  route({
    method: 'get',
    path: '/broken',
    summary: 'Broken',
    who: 'anyone',
    rule: async () => {
      throw new Error('secret detail');
    },
  }),
  route({
    method: 'get',
    path: '/raw',
    summary: 'Raw',
    who: 'anyone',
    raw: true,
    docs: { responses: {} },
    rule: async (_, { res }) => void res.end('raw'),
  }),
];

const person = (role: Role): Identity => ({ kind: 'user', user_id: 'u', session_id: 's', role, ip: '1.2.3.4' });
const admin = serviceIdentity('admin');
const anonymous: Identity = { kind: 'anonymous', ip: '1.2.3.4', user_agent: 'a' };

describe('a route', () => {
  let server: Server;
  let lines: Record<string, unknown>[];
  before(async () => {
    const log = createLog('test', 'test', 'silent');
    const ctx = { tag: 't', ...silentSink() };
    lines = collectSecurityLines(ctx);
    server = await listen(createApp({ log, mount: (app) => void app.use(router(ctx, keys, routes)) }), {
      host: '127.0.0.1',
      port: 0,
    });
  });
  after(() => closeServer(server, { idleMs: 0, graceMs: 100 }));

  const ask = async (
    method: string,
    path: string,
    who: Identity | undefined,
    send?: string,
    type = 'application/json',
  ) => {
    const headers: Record<string, string> = who === undefined ? {} : identityHeader('message', who);
    if (send !== undefined) headers['content-type'] = type;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const answer = await fetch(url, { method, headers, body: send });
    const got = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      got,
      json: got.startsWith('{') ? JSON.parse(got) : undefined,
    };
  };

  it('passes validated values to its rule', async () => {
    expect((await ask('GET', '/things/x1?limit=4', person('user'))).json).to.deep.equal({
      tag: 't',
      id: 'x1',
      limit: 4,
      caller: 'u',
    });
    expect((await ask('GET', '/things/x1/', person('user'))).json.limit).to.equal(3);
    expect((await ask('GET', '/open', anonymous)).json).to.deep.equal({ ip: '1.2.3.4' });
  });

  it('answers its status, 204 for no value, another status for a Reply', async () => {
    const made = await ask('POST', '/things', person('user'), '{"name":"a"}');
    expect([made.status, made.json]).to.deep.equal([201, { name: 'a' }]);
    expect(await ask('DELETE', '/things/x', person('moderator'))).to.include({ status: 204, got: '' });
    const again = await ask('PUT', '/things/x', person('admin'));
    expect([again.status, again.headers.get('x-more')]).to.deep.equal([202, '1']);
    expect((await ask('GET', '/raw', anonymous)).got).to.equal('raw');
  });

  it('admits only callers with the required role', async () => {
    const cases: [string, string, Identity | undefined, number][] = [
      ['GET', '/things/x', undefined, 401],
      ['GET', '/things/x', anonymous, 401],
      ['GET', '/open', undefined, 401],
      ['DELETE', '/things/x', person('user'), 403],
      ['DELETE', '/things/x', person('admin'), 204],
      ['PUT', '/things/x', person('moderator'), 403],
      ['GET', '/internal/x', person('admin'), 403],
      ['GET', '/internal/x', admin, 200],
      ['GET', '/internal/x', serviceIdentity('auth'), 403],
    ];
    for (const [method, path, who, status] of cases)
      expect([method, path, (await ask(method, path, who)).status]).to.deep.equal([method, path, status]);
  });

  it('has a line in the security log when staff rights are missing, or the identity is', async () => {
    lines.length = 0;
    await ask('GET', '/things/x', anonymous);
    await ask('DELETE', '/things/x', person('admin'));
    expect(lines).to.deep.equal([]);
    await ask('DELETE', '/things/x', person('user'));
    await ask('GET', '/things/x', undefined);
    await ask('GET', '/internal/x', person('admin'));
    expect(lines.map(({ event, user_id, ip, action }) => ({ event, user_id, ip, action }))).to.deep.equal([
      { event: 'rights.refused', user_id: 'u', ip: '1.2.3.4', action: 'DELETE /things/:id' },
      { event: 'identity.refused', user_id: undefined, ip: '127.0.0.1', action: 'GET /things/:id' },
      { event: 'identity.refused', user_id: undefined, ip: '127.0.0.1', action: 'GET /internal/x' },
    ]);
    for (const line of lines) expect(line.request_id).to.match(/^req_/);
  });

  it('names every invalid field, unknown ones too, and takes no string for a number', async () => {
    const { status, json } = await ask('POST', '/things', person('user'), '{"n":"1","more":true}');
    expect([status, json.code]).to.deep.equal([400, 'VALIDATION_ERROR']);
    expect(json.details.fields.map(({ path }: { path: string }) => path)).to.have.members(['name', 'n', 'more']);
    expect((await ask('GET', '/things/y', person('user'))).json.details.fields[0].path).to.equal('id');
    expect((await ask('GET', '/things/x?limit=', person('user'))).status).to.equal(400);
  });

  it('refuses query parameters that it does not know, also where it knows none', async () => {
    const paths = ['/things/x?limit=2&other=1', '/things/x?limit=2&__proto__=1', '/open?other=1'];
    for (const path of paths) {
      const { status, json } = await ask('GET', path, person('user'));
      expect([path, status, json.code]).to.deep.equal([path, 400, 'VALIDATION_ERROR']);
      expect(json.message).to.match(/^(other|__proto__) is not allowed$/);
    }
  });

  it('takes only JSON, up to its size limit', async () => {
    const send = async (text: string, type?: string) =>
      (await ask('POST', '/things', person('user'), text, type)).json.code;
    expect(await send('{"name":')).to.equal('VALIDATION_ERROR');
    expect(await send('name=a', 'application/x-www-form-urlencoded')).to.equal('UNSUPPORTED_MEDIA_TYPE');
    expect(await send(JSON.stringify({ name: 'a'.repeat(103_000) }))).to.equal('PAYLOAD_TOO_LARGE');
    expect((await ask('POST', '/things', person('user'))).json.details.fields[0].path).to.equal('name');
    expect(await send('{"name":"a"}', 'application/json; charset=utf-16')).to.equal('UNSUPPORTED_MEDIA_TYPE');
    expect(await send('{"name":"a"}', 'application/json; charset=utf8')).to.equal(undefined);
  });

  it('refuses U+0000, which PostgreSQL cannot store', async () => {
    const { status, json } = await ask('POST', '/things', person('user'), JSON.stringify({ name: 'a\u0000b' }));
    expect([status, json.code, json.details.fields[0].path]).to.deep.equal([400, 'VALIDATION_ERROR', 'name']);
  });

  it('answers another method with 405, an unknown path with 404, an invalid escape with 400, an unexpected error with 500 and no details', async () => {
    const other = await ask('PUT', '/open', anonymous);
    expect([other.status, other.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
    expect((await ask('GET', '/nothing', anonymous)).json.code).to.equal('RESOURCE_NOT_FOUND');
    expect((await ask('GET', '/things/%ff', person('user'))).json.code).to.equal('VALIDATION_ERROR');
    const broken = await ask('GET', '/broken', anonymous);
    expect(broken.json).to.include({ code: 'INTERNAL_ERROR' });
    expect(broken.got).not.to.include('secret detail');
  });

  it('answers RPC calls of other services, if it is for services and has no path parameters', async () => {
    const inner: Route<{ tag: string } & SecuritySink>[] = [
      ...routes,
      route({
        method: 'get',
        path: '/internal/x',
        summary: '',
        who: ['admin', 'file'],
        query,
        rule: async (_, call) => call.query,
      }),
      route({
        method: 'post',
        path: '/internal/x',
        summary: '',
        who: ['admin', 'file'],
        body,
        rule: async (_, call) => call.body,
      }),
      route({ method: 'get', path: '/internal/x/:id', summary: '', who: ['admin'], rule: async () => ({}) }),
    ];
    const answer = handleCalls({ tag: 'c', ...silentSink() }, inner);
    const refused = (what: string, given?: unknown, caller: Identity = admin): Promise<string> =>
      answer(what, given, caller).then(
        () => 'nothing',
        ({ code }) => code,
      );
    expect(await answer('GET /internal/x?limit=2&more=1', null, admin)).to.deep.equal({ limit: 2 });
    expect(await answer('POST /internal/x', { name: 'a' }, admin)).to.deep.equal({ name: 'a' });
    expect(await refused('POST /internal/x', { name: 'a' }, serviceIdentity('file'))).to.equal('nothing');
    for (const caller of [serviceIdentity('auth'), person('admin'), anonymous])
      expect(await refused('POST /internal/x', { name: 'a' }, caller)).to.equal('AUTHORIZATION_ERROR');
    expect(await refused('POST /internal/x', { name: 1 })).to.equal('VALIDATION_ERROR');
    expect(await refused('GET /internal/x?limit=9')).to.equal('VALIDATION_ERROR');
    for (const what of ['PUT /internal/x', 'GET /internal/x/1', 'GET /open', 'POST /things', ''])
      expect(await refused(what, {}), what).to.equal('SERVICE_UNAVAILABLE');
  });

  it('is documented from its schemas', () => {
    const paths = describeRoutes(routes);
    expect(paths['/things']?.post).to.deep.include({ tags: ['Things'], operationId: 'postThings' });
    expect(paths['/things']?.post?.responses).to.have.all.keys(
      ...['201', '400', '401', '403', '413', '415', '429', '500', '503', 'default'],
    );
    expect(paths['/open']?.get?.responses).to.have.all.keys('200', '400', '401', '429', '500', '503', 'default');
    expect(paths['/things/{id}']?.get?.parameters).to.deep.include({
      name: 'id',
      in: 'path',
      required: true,
      schema: { type: 'string', minLength: 1, pattern: '^x' },
    });
    expect(paths['/things/{id}']?.delete?.parameters).to.deep.equal([
      { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
    ]);
    expect(paths['/open']?.get?.security).to.deep.equal([]);
    const bodyOf = (body: Joi.ObjectSchema): unknown =>
      describeRoutes([{ ...(routes[0] as Route<unknown>), method: 'post', path: '/x', body }])['/x']?.post?.requestBody;
    const optional = Joi.object({ a: Joi.string() });
    expect(bodyOf(optional)).to.include({ required: false });
    for (const body of [optional.min(1), Joi.object({ a: Joi.string().required() })])
      expect(bodyOf(body)).to.include({ required: true });
    const role = Joi.string().valid('owner', 'member').allow(null);
    expect(jsonSchema(role)).to.deep.equal({ type: ['string', 'null'], enum: ['owner', 'member', null] });
  });

  it('is described a route at a time, so that other work goes on, and its schemas once', async () => {
    const bodies = Array.from({ length: 30 }, (_, i) => Joi.object({ [`field${i}`]: Joi.string() }));
    const many = bodies.map((body, i) => ({ ...(routes[0] as Route<unknown>), path: `/many/${i}`, body }));
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    count();
    const described = await describeRoutesInTurns(many);
    isDone = true;
    expect(turns).to.be.at.least(many.length);
    expect(described).to.deep.equal(describeRoutes(many));
    for (const body of bodies) expect(jsonSchema(body)).to.equal(jsonSchema(body));
  });
});
