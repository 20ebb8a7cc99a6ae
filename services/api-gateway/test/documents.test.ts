import { expect } from 'chai';
import { differences, openApiDocument } from '../src/openapi.ts';
import { ownRoutes } from '../src/own-routes.ts';
import { ask, DEAD_URL, serve, startWorld, type World } from './world.ts';

describe('the documents', () => {
  let world: World;
  let realtime: Awaited<ReturnType<typeof serve>>;
  before(async () => {
    realtime = await serve((_req, res) => void res.end('{"asyncapi":"3.0.0","info":{"title":"t"}}'));
    world = await startWorld({ env: { USER_INTERNAL_URL: DEAD_URL, REALTIME_INTERNAL_URL: realtime.url } });
  });
  after(async () => {
    await realtime?.stop();
    await world?.stop();
  });

  it('join what the services describe, without what does not pass the door, also while some are away', async () => {
    const { status, json } = await ask(world, '/docs/openapi.json');
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
    expect(json.tags).to.deep.include({ name: 'Users' });
  });

  it('know the socket’s from the last node that told it', async () => {
    expect((await ask(world, '/docs/asyncapi.json')).json.asyncapi).to.equal('3.0.0');
    await realtime.stop();
    expect((await ask(world, '/docs/asyncapi.json')).json.asyncapi).to.equal('3.0.0');
    const other = await startWorld({ env: { REALTIME_INTERNAL_URL: DEAD_URL } });
    expect((await ask(other, '/docs/asyncapi.json')).status).to.equal(503);
    await other.stop();
  });

  it('are pages that load everything from here, can’t be framed and run no script of their text', async () => {
    for (const path of ['/docs', '/docs/', '/docs/realtime']) {
      const { status, text, headers } = await ask(world, path);
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
      for (const [, asset] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
        const got = await ask(world, asset as string);
        expect([asset, got.status]).to.deep.equal([asset, 200]);
        expect(got.text.length).to.be.above(100);
      }
    }
    expect((await ask(world, '/docs/assets/package.json')).status).to.equal(404);
  });

  it('show where the table and a service disagree', () => {
    const described = Object.fromEntries(
      ownRoutes.map(({ path, method }) => [path.replace(/:(\w+)/g, '{$1}'), { [method]: {} }]),
    );
    expect(differences('door', described)).to.deep.equal([]);
    expect(differences('door', { ...described, '/more/{x}': { get: {} }, '/': {} })).to.deep.equal([
      'GET / passes the door, but door has no such route',
      'GET /more/{} of door does not pass the door',
    ]);
    expect(openApiDocument('1', {}).paths).to.deep.equal({});
  });

  for (const service of ['auth', 'user', 'message', 'file', 'admin'] as const) {
    it(`describe exactly the routes of ${service} that pass the door`, async () => {
      const { describeRoutes } = await import('@chatapi/kit');
      const { routes } = await import(new URL(`../../${service}/src/routes.ts`, import.meta.url).href);
      expect(differences(service, describeRoutes(routes) as never)).to.deep.equal([]);
    });
  }
});
