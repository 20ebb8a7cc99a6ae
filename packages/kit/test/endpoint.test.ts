import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import Joi from 'joi';
import { describeRoutes, jsonSchema } from '../src/describe.ts';
import { Answer, answerCalls, type Route, route, router } from '../src/endpoint.ts';
import { IDENTITY_HEADER, type Identity, identityKey, type Role, sealIdentity } from '../src/identity.ts';
import { openLog } from '../src/log.ts';
import { closeServer, listen, openApp } from '../src/server.ts';

const key = identityKey('a-secret-for-this-test-of-32-bytes');
const body = Joi.object<{ name: string; n?: number }>({ name: Joi.string().required(), n: Joi.number() });
const params = Joi.object<{ id: string }>({ id: Joi.string().pattern(/^x/).required() });
const query = Joi.object<{ limit: number }>({ limit: Joi.number().min(1).max(5).default(3) });

const routes: Route<{ tag: string }>[] = [
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
    rule: async (ctx, call) => ({ ...ctx, ...call.params, ...call.query, caller: call.caller.user_id }),
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
    rule: async () => new Answer(202, { again: true }, { 'X-More': '1' }),
  }),
  route({ method: 'get', path: '/internal/x', summary: 'Inner', who: 'service', rule: async () => ({}) }),
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
const anonymous: Identity = { kind: 'anonymous', ip: '1.2.3.4', user_agent: 'a' };

describe('a route', () => {
  let server: Server;
  before(async () => {
    const log = openLog('test', 'test', 'silent');
    server = await listen(openApp({ log, mount: (app) => void app.use(router({ tag: 't' }, key, routes)) }), {
      host: '127.0.0.1',
      port: 0,
    });
  });
  after(() => closeServer(server, 100));

  const ask = async (
    method: string,
    path: string,
    who: Identity | undefined,
    send?: string,
    type = 'application/json',
  ) => {
    const headers: Record<string, string> = who === undefined ? {} : { [IDENTITY_HEADER]: sealIdentity(key, who) };
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

  it('gives its rule what the schemas made of the request', async () => {
    expect((await ask('GET', '/things/x1?limit=4&other=1', person('user'))).json).to.deep.equal({
      tag: 't',
      id: 'x1',
      limit: 4,
      caller: 'u',
    });
    expect((await ask('GET', '/things/x1/', person('user'))).json.limit).to.equal(3);
    expect((await ask('GET', '/open', anonymous)).json).to.deep.equal({ ip: '1.2.3.4' });
  });

  it('answers its status, 204 for nothing, another if the rule says so', async () => {
    const made = await ask('POST', '/things', person('user'), '{"name":"a"}');
    expect([made.status, made.json]).to.deep.equal([201, { name: 'a' }]);
    expect(await ask('DELETE', '/things/x', person('moderator'))).to.include({ status: 204, got: '' });
    const again = await ask('PUT', '/things/x', person('admin'));
    expect([again.status, again.headers.get('x-more')]).to.deep.equal([202, '1']);
    expect((await ask('GET', '/raw', anonymous)).got).to.equal('raw');
  });

  it('lets in whom it is for', async () => {
    const cases: [string, string, Identity | undefined, number][] = [
      ['GET', '/things/x', undefined, 401],
      ['GET', '/things/x', anonymous, 401],
      ['GET', '/open', undefined, 401],
      ['DELETE', '/things/x', person('user'), 403],
      ['DELETE', '/things/x', person('admin'), 204],
      ['PUT', '/things/x', person('moderator'), 403],
      ['GET', '/internal/x', person('admin'), 403],
      ['GET', '/internal/x', { kind: 'service', service: 'auth' }, 200],
    ];
    for (const [method, path, who, status] of cases)
      expect([method, path, (await ask(method, path, who)).status]).to.deep.equal([method, path, status]);
  });

  it('names every bad field, unknown ones too, and takes no string for a number', async () => {
    const { status, json } = await ask('POST', '/things', person('user'), '{"n":"1","more":true}');
    expect([status, json.code]).to.deep.equal([400, 'VALIDATION_ERROR']);
    expect(json.details.fields.map(({ path }: { path: string }) => path)).to.have.members(['name', 'n', 'more']);
    expect((await ask('GET', '/things/y', person('user'))).json.details.fields[0].path).to.equal('id');
    expect((await ask('GET', '/things/x?limit=', person('user'))).status).to.equal(400);
  });

  it('takes only JSON, of its size', async () => {
    const send = async (text: string, type?: string) =>
      (await ask('POST', '/things', person('user'), text, type)).json.code;
    expect(await send('{"name":')).to.equal('VALIDATION_ERROR');
    expect(await send('name=a', 'application/x-www-form-urlencoded')).to.equal('UNSUPPORTED_MEDIA_TYPE');
    expect(await send(JSON.stringify({ name: 'a'.repeat(103_000) }))).to.equal('PAYLOAD_TOO_LARGE');
    expect((await ask('POST', '/things', person('user'))).json.details.fields[0].path).to.equal('name');
  });

  it('refuses U+0000 in a word, which no database takes', async () => {
    const { status, json } = await ask('POST', '/things', person('user'), JSON.stringify({ name: 'a\u0000b' }));
    expect([status, json.code, json.details.fields[0].path]).to.deep.equal([400, 'VALIDATION_ERROR', 'name']);
  });

  it('answers another method with 405, an unknown path with 404, a bad escape with 400, a fault with 500 and no detail', async () => {
    const other = await ask('PUT', '/open', anonymous);
    expect([other.status, other.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
    expect((await ask('GET', '/nothing', anonymous)).json.code).to.equal('RESOURCE_NOT_FOUND');
    expect((await ask('GET', '/things/%ff', person('user'))).json.code).to.equal('VALIDATION_ERROR');
    const broken = await ask('GET', '/broken', anonymous);
    expect(broken.json).to.include({ code: 'INTERNAL_ERROR' });
    expect(broken.got).not.to.include('secret detail');
  });

  it('answers other services by its name and query or body, if it is for them and names nothing in its path', async () => {
    const inner: Route<object>[] = [
      ...(routes as Route<any>[]),
      route({
        method: 'get',
        path: '/internal/x',
        summary: '',
        who: 'service',
        query,
        rule: async (_, call) => call.query,
      }),
      route({
        method: 'post',
        path: '/internal/x',
        summary: '',
        who: 'service',
        body,
        rule: async (_, call) => call.body,
      }),
      route({ method: 'get', path: '/internal/x/:id', summary: '', who: 'service', rule: async () => ({}) }),
    ];
    const answer = answerCalls({ tag: 'c' }, inner);
    const refused = (what: string, given?: unknown): Promise<string> =>
      answer(what, given).then(
        () => 'nothing',
        ({ code }) => code,
      );
    expect(await answer('GET /internal/x?limit=2&more=1', null)).to.deep.equal({ limit: 2 });
    expect(await answer('POST /internal/x', { name: 'a' })).to.deep.equal({ name: 'a' });
    expect(await refused('POST /internal/x', { name: 1 })).to.equal('VALIDATION_ERROR');
    expect(await refused('GET /internal/x?limit=9')).to.equal('VALIDATION_ERROR');
    for (const what of ['PUT /internal/x', 'GET /internal/x/1', 'GET /open', 'POST /things', ''])
      expect(await refused(what, {}), what).to.equal('RESOURCE_NOT_FOUND');
  });

  it('is described from its schemas', () => {
    const paths = describeRoutes(routes);
    expect(paths['/things']?.post).to.deep.include({ tags: ['Things'], operationId: 'postThings' });
    expect(paths['/things']?.post?.responses).to.have.keys('201', 'default');
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
    const role = Joi.string().valid('owner', 'member').allow(null);
    expect(jsonSchema(role)).to.deep.equal({ type: ['string', 'null'], enum: ['owner', 'member', null] });
  });
});
