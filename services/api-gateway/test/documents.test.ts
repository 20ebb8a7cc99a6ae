import { DEAD_URL, startStubServer } from '@chatapi/kit/testing';
import { expect } from 'chai';
import type { Context } from '../src/context.ts';
import { asyncApi } from '../src/documents.ts';
import { localRoutes } from '../src/local-routes.ts';
import { openApiDocument, routeDifferences } from '../src/openapi.ts';
import { ask, startGateway, type TestGateway } from './harness.ts';

describe('API documents', () => {
  let gateway: TestGateway;
  let realtime: Awaited<ReturnType<typeof startStubServer>>;
  before(async () => {
    realtime = await startStubServer((_req, res) => void res.end('{"asyncapi":"3.0.0","info":{"title":"t"}}'));
    gateway = await startGateway({ env: { USER_INTERNAL_URL: DEAD_URL, REALTIME_INTERNAL_URL: realtime.url } });
  });
  after(async () => {
    await realtime?.stop();
    await gateway?.stop();
  });

  it('join the public routes that the services describe, also while some services are away', async () => {
    const { status, json } = await ask(gateway, '/docs/openapi.json');
    expect(status).to.equal(200);
    expect(json.openapi).to.match(/^3\.1/);
    expect(json.paths['/users/login'].post.summary).to.equal('Log in');
    expect(json.paths).to.include.keys('/', '/rate-limits').and.not.include.keys('/secret');
    expect(json.components.schemas.Error.required).to.deep.equal([
      'error',
      'message',
      'code',
      'details',
      'timestamp',
      'request_id',
    ]);
    expect(json.components.responses.Error.content['application/json'].schema.$ref).to.equal(
      '#/components/schemas/Error',
    );
    expect(json.tags.map(({ name }: { name: string }) => name)).to.include('Users');
  });

  it('are fetched anew while a realtime node does not know all frames', async () => {
    let isComplete = false;
    const node = await startStubServer((_req, res) => {
      res.end(JSON.stringify({ asyncapi: '3.0.0', ...(isComplete ? {} : { 'x-missing': ['message'] }) }));
    });
    const other = await startGateway({ env: { REALTIME_INTERNAL_URL: node.url } });
    expect((await ask(other, '/docs/asyncapi.json')).json).to.have.property('x-missing');
    isComplete = true;
    expect((await ask(other, '/docs/asyncapi.json')).json).not.to.have.property('x-missing');
    await other.stop();
    await node.stop();
  });

  it('keep the last AsyncAPI document while no realtime node answers', async () => {
    expect((await ask(gateway, '/docs/asyncapi.json')).json.asyncapi).to.equal('3.0.0');
    await realtime.stop();
    expect((await ask(gateway, '/docs/asyncapi.json')).json.asyncapi).to.equal('3.0.0');
    const other = await startGateway({ env: { REALTIME_INTERNAL_URL: DEAD_URL } });
    expect((await ask(other, '/docs/asyncapi.json')).status).to.equal(503);
    await other.stop();
  });

  it('are sent once: with an ETag, and as 304 to who has it', async () => {
    for (const path of ['/docs', '/docs/openapi.json', '/docs/assets/rest.js', '/docs/assets/swagger-ui.css']) {
      const { status, headers } = await ask(gateway, path);
      expect([path, status]).to.deep.equal([path, 200]);
      expect(headers.etag, path).to.match(/^(W\/)?".+"$/);
      const again = await ask(gateway, path, { headers: { 'if-none-match': headers.etag as string } });
      expect([path, again.status, again.text]).to.deep.equal([path, 304, '']);
      expect((await ask(gateway, path, { headers: { 'if-none-match': '"other"' } })).status).to.equal(200);
    }
  });

  it('are one fetch for many callers, and serialised once until a service answers another', async () => {
    let fetched = 0;
    const node = await startStubServer((_req, res) => {
      fetched++;
      setTimeout(() => res.end('{"asyncapi":"3.0.0"}'), 50);
    });
    const other = await startGateway({ env: { REALTIME_INTERNAL_URL: node.url } });
    const got = await Promise.all(Array.from({ length: 10 }, () => ask(other, '/docs/asyncapi.json')));
    expect(got.map(({ status }) => status)).to.deep.equal(Array(10).fill(200));
    expect(fetched).to.equal(1);
    expect(new Set(got.map(({ headers }) => headers.etag)).size).to.equal(1);
    await other.stop();
    await node.stop();
  });

  it('are not serialised again when a service answers the same a minute later', async () => {
    const documents = { fetched: new Map<string, { at: number }>(), fetching: new Map(), rendered: new Map() };
    let answer = '{"asyncapi":"3.0.0"}';
    const ctx = { documents, clients: { realtime: { call: async () => JSON.parse(answer) } } } as unknown as Context;
    const read = async (): Promise<unknown> => {
      const text = await asyncApi(ctx);
      Object.assign(documents.fetched.get('realtime') ?? {}, { at: 0 });
      return text;
    };
    const first = await read();
    expect(await read()).to.equal(first);
    answer = '{"asyncapi":"3.1.0"}';
    expect(await read()).to.not.equal(first);
  });

  it('are 404 with DOCS=off', async () => {
    const other = await startGateway({ env: { DOCS: 'off' } });
    for (const path of ['/docs', '/docs/', '/docs/openapi.json', '/docs/asyncapi.json', '/docs/realtime'])
      expect([path, (await ask(other, path)).json.code]).to.deep.equal([path, 'RESOURCE_NOT_FOUND']);
    expect((await ask(other, '/docs/assets/rest.js')).status).to.equal(404);
    expect((await ask(other, '/')).status).to.equal(200);
    await other.stop();
  });

  it('are pages that load nothing from other hosts, can’t be framed and contain no inline script', async () => {
    for (const path of ['/docs', '/docs/', '/docs/realtime']) {
      const { status, text, headers } = await ask(gateway, path);
      expect(status).to.equal(200);
      expect(headers['content-type']).to.match(/^text\/html/);
      const policy = headers['content-security-policy'];
      expect(policy)
        .to.include("default-src 'none'")
        .and.include("frame-ancestors 'none'")
        .and.not.match(/https?:|script-src[^;]*unsafe/);
      expect(text)
        .not.to.match(/https?:\/\//)
        .and.not.to.match(/<script>/);
      // The guide is built by the cluster's start (infra/e2e/docs).
      for (const [, asset] of text.matchAll(/(?:src|href)="((?!\/docs\/guide)[^"]+)"/g)) {
        const got = await ask(gateway, asset as string);
        expect([asset, got.status]).to.deep.equal([asset, 200]);
        expect(got.text.length).to.be.above(100);
      }
    }
    expect((await ask(gateway, '/docs/assets/package.json')).status).to.equal(404);
  });

  it('list the differences between the route table and a service', () => {
    const described = Object.fromEntries(
      localRoutes.map(({ path, method }) => [path.replace(/:(\w+)/g, '{$1}'), { [method]: {} }]),
    );
    expect(routeDifferences('gateway', described)).to.deep.equal([]);
    expect(routeDifferences('gateway', { ...described, '/more/{x}': { get: {} }, '/': {} })).to.deep.equal([
      "GET / is in the gateway's table, but gateway has no such route",
      "GET /more/{} of gateway is not in the gateway's table",
    ]);
    expect(openApiDocument('1', {}).paths).to.deep.equal({});
    expect(openApiDocument('1', {}, ['user'])).to.have.deep.property('x-missing', ['user']);
  });

  for (const service of ['auth', 'user', 'message', 'file', 'admin', 'integration'] as const) {
    it(`describe exactly the routes of ${service} that are in the route table`, async () => {
      const { describeRoutes } = await import('@chatapi/kit');
      const { routes } = await import(new URL(`../../${service}/src/routes.ts`, import.meta.url).href);
      expect(routeDifferences(service, describeRoutes(routes) as never)).to.deep.equal([]);
    });
  }

  it('have one object under each name, whichever service describes it', async () => {
    const { describeRoutes, nameSchemas } = await import('@chatapi/kit');
    const all: Record<string, Record<string, unknown>> = {};
    for (const service of ['auth', 'user', 'message', 'file', 'admin', 'integration']) {
      const { routes } = await import(new URL(`../../${service}/src/routes.ts`, import.meta.url).href);
      const own = {};
      nameSchemas(describeRoutes(routes), own);
      for (const [name, schema] of Object.entries<Record<string, unknown>>(own)) {
        const { required, properties } = schema as { required: string[]; properties: Record<string, unknown> };
        const plain = { required: required.toSorted(), properties };
        expect(all[name] ?? plain, `${name} of ${service}`).to.deep.equal(plain);
        all[name] = plain;
      }
    }
    expect(all).to.include.keys('Me', 'Export', 'Message');
  });
});
