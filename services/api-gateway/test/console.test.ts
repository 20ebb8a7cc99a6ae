import { expect } from 'chai';
import { buildsPage, expectStrictPage } from './app-page.ts';
import { ask } from './harness.ts';

describe('the admin console at the gateway', () => {
  const gatewayWith = buildsPage(import.meta.resolve('@chatapi/console/package.json'));

  it('is a page under a strict policy in production too, with assets that browsers keep for good', async () => {
    const gateway = await gatewayWith({ NODE_ENV: 'production' });
    const headers = await expectStrictPage(gateway, 'console');
    expect(headers['cache-control']).to.equal('no-store');
    expect((await ask(gateway, '/console/x')).status).to.equal(404);
  });

  it('is off with CONSOLE=off, and then not linked from /', async () => {
    const accept = 'text/html';
    const on = await gatewayWith({});
    expect((await ask(on, '/', { headers: { accept } })).text).to.include('href="/console"');
    const off = await gatewayWith({ CONSOLE: 'off' });
    expect((await ask(off, '/', { headers: { accept } })).text).to.not.include('/console');
    for (const path of ['/console', '/console/', '/console/assets/console-AAAA.js'])
      expect((await ask(off, path)).json.code, path).to.equal('RESOURCE_NOT_FOUND');
  });
});
