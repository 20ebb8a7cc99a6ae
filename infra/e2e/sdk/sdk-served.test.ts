// The SDKs that the cluster serves, as users get them: by URL, without a registry.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { buildSdk, python, REPO } from '@chatapi/local';
import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';
import { browserCluster, exampleOrigin, sharedBrowser } from '../support/browser-cluster.ts';
import type { Json } from '../support/client.ts';
import { gatewaysOf } from '../support/cluster.ts';
import { samplesOf } from '../support/samples.ts';
import { closeClients, type Person, someone } from '../support/sdk.ts';
import { until } from '../support/sdk-pages.ts';

const PACKAGES = join(REPO, 'packages');
/** Nobody answers there: what is not on the cluster cannot be installed. */
const NO_REGISTRY = 'http://127.0.0.1:9/';

const SHOW = 'createRoot(document.getElementById("app")).render(createElement(App));';
const MAIN = [`{ createElement } from 'react'`, `{ createRoot } from 'react-dom/client'`, `{ App } from './screen.js'`]
  .map((what) => `import ${what};`)
  .concat(SHOW)
  .join('\n');

declare const document: any;
declare const window: any;

describe('the SDKs that the cluster serves', function () {
  this.timeout(180_000);
  let url: string;
  let person: Person;
  let dir: string;
  let index: Json;
  const contexts: BrowserContext[] = [];
  /** By path. A page that the browser was given otherwise may not reach this machine. */
  const pages = new Map<string, string>();
  let server: Server;
  const pathOf = (ending: string): string =>
    index.files.find(({ file }: Json) => file.endsWith(ending) && !file.endsWith('chatapi.js')).path;

  async function run(file: string, args: string[], cwd: string, env = process.env): Promise<string> {
    const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
    return (await promisify(execFile)(file, args, { cwd, env: { ...env, PATH }, timeout: 120_000 })).stdout;
  }
  const ours = (code: string): string =>
    code
      .replaceAll('http://localhost:8000', url)
      .replaceAll('your-jwt-token', person.session.access_token)
      .replaceAll('user_123', person.id)
      .replaceAll('room_123', 'general');
  async function npmInstall(app: string, ...paths: string[]): Promise<void> {
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{"private":true,"type":"module"}');
    const flags = ['--no-audit', '--no-fund', '--legacy-peer-deps', '--fetch-retries=0', `--registry=${NO_REGISTRY}`];
    await run('npm', ['install', ...flags, ...paths.map((path) => url + path)], app);
  }
  async function open(name: string, html: string): Promise<Page> {
    const context = await sharedBrowser().newContext();
    contexts.push(context);
    pages.set(`/${name}`, html);
    const page = await context.newPage();
    await page.goto(`${exampleOrigin()}/${name}`);
    return page;
  }

  before(async () => {
    await buildSdk();
    url = gatewaysOf(browserCluster())[0] as string;
    person = await someone(url);
    dir = mkdtempSync(join(tmpdir(), 'chatapi-served-'));
    index = (await (await fetch(`${url}/sdk/`)).json()) as Json;
    server = createServer((req, res) => res.setHeader('Content-Type', 'text/html').end(pages.get(req.url as string)));
    server.listen(Number(new URL(exampleOrigin()).port));
    await once(server, 'listening');
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  after(async () => {
    await closeClients();
    server?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('are listed with their hashes, and any origin may load them', async () => {
    const names = index.files.map(({ file }: Json) => file);
    const { version } = index;
    expect(names).to.deep.equal([
      `chatapi-client-${version}.tgz`,
      `chatapi-react-${version}.tgz`,
      `chatapi_client-${version}-py3-none-any.whl`,
      'chatapi.js',
      `chatapi-${version}.js`,
    ]);
    for (const { path, sha256, bytes } of index.files) {
      const answer = await fetch(url + path, { headers: { Origin: 'https://elsewhere.example' } });
      const contents = Buffer.from(await answer.arrayBuffer());
      expect(contents.length, path).to.equal(bytes);
      expect(createHash('sha256').update(contents).digest('hex'), path).to.equal(sha256);
      expect(answer.headers.get('access-control-allow-origin'), path).to.equal('*');
      expect(answer.headers.get('cache-control'), path).to.match(/^public, /);
      const again = await fetch(url + path, { headers: { 'If-None-Match': answer.headers.get('etag') as string } });
      expect(again.status, path).to.equal(304);
    }
  });

  it('are no way to other files', async () => {
    for (const path of ['index.json', '.built-from', '..%2fpackage.json', 'constructor', 'chatapi-client-0.0.0.tgz'])
      expect((await fetch(`${url}/sdk/${path}`)).status, path).to.equal(404);
  });

  it('npm installs in an empty folder, and the sample of the README runs', async () => {
    const app = join(dir, 'npm');
    await npmInstall(app, pathOf(`client-${index.version}.tgz`));
    const sample =
      samplesOf('packages/client/README.md', 'javascript').find((code) => code.includes('messages.iterate')) ?? '';
    writeFileSync(join(app, 'app.js'), ours(sample));
    expect(await run(process.execPath, ['app.js'], app)).to.match(/22 of 22 bytes\n(.*\n)*\d+ The minutes/);
  });

  it('pip installs in a new environment, and the sample of the README runs', async () => {
    const { file, env } = python();
    const { PYTHONHOME: _, PYTHONPATH = '', ...rest } = env;
    const places = PYTHONPATH.split(delimiter).filter((place) => !place.startsWith(PACKAGES));
    const without = { ...rest, PYTHONPATH: places.join(delimiter) };
    const app = join(dir, 'python');
    await run(file, ['-m', 'venv', '--without-pip', '--system-site-packages', app], dir, without);
    const inside = join(app, 'bin', 'python');
    const wheel = url + pathOf('.whl');
    const flags = ['--no-index', '--disable-pip-version-check'];
    await run(file, ['-m', 'pip', '--python', inside, 'install', ...flags, wheel], app, without);
    const sample =
      samplesOf('packages/client-python/README.md', 'python').find((code) => code.includes('minutes')) ?? '';
    writeFileSync(join(app, 'app.py'), ours(sample));
    expect(await run(inside, ['app.py'], app, without)).to.include('The minutes');
    const facts =
      'import chatapi_client, importlib.metadata as m; print(chatapi_client.__file__, m.version("chatapi_client"))';
    expect(await run(inside, ['-c', facts], app, without)).to.match(
      new RegExp(`^${app}/.*chatapi_client/__init__.py ${index.version}\n$`),
    );
  });

  it('a page loads as a module, with the stores', async () => {
    const page = await open(
      'module.html',
      `<!doctype html><script type="module">
        import { ChatClient, live } from '${url}/sdk/chatapi.js';
        const client = new ChatClient({ baseUrl: '${url}', token: '${person.session.access_token}' });
        const room = live(client).room('general');
        room.subscribe(({ messages }) => { window.shown = messages.map(({ content, local }) => [content, local?.state]); });
        window.send = (content) => room.send({ content });
      </script>`,
    );
    await until(() => page.evaluate(() => window.shown !== undefined), 'the script');
    await page.evaluate(() => window.send('from a module'));
    const isThere = (): Promise<boolean> =>
      page.evaluate(() => JSON.stringify(window.shown.at(-1)) === '["from a module",null]');
    await until(isThere, 'the message');
  });

  it('build the chat screen of the README, which runs in a page', async () => {
    const app = join(dir, 'react');
    await npmInstall(app, pathOf(`client-${index.version}.tgz`), pathOf(`react-${index.version}.tgz`));
    for (const name of ['react', 'react-dom'])
      symlinkSync(join(PACKAGES, 'react', 'node_modules', name), join(app, 'node_modules', name));
    const [screen] = samplesOf('packages/react/README.md', 'javascript');
    writeFileSync(join(app, 'screen.js'), ours(screen as string));
    writeFileSync(join(app, 'main.js'), MAIN);
    const esbuild = join(PACKAGES, 'client', 'node_modules', '.bin', 'esbuild');
    await run(esbuild, ['main.js', '--bundle', '--format=iife', '--outfile=app.js', '--minify'], app);
    const script = readFileSync(join(app, 'app.js'), 'utf8').replaceAll('</script', '<\\/script');
    const page = await open('screen.html', `<!doctype html><div id="app"></div><script>${script}</script>`);
    await page.getByRole('button', { name: 'general' }).click();
    await page.getByRole('textbox').fill('from the screen');
    await page.getByRole('textbox').press('Enter');
    const last = (): Promise<string> => page.evaluate(() => document.querySelector('li:last-child')?.textContent ?? '');
    await until(async () => (await last()).endsWith('from the screen'), 'the message');
    await until(() => page.evaluate(() => document.querySelectorAll('li[class]').length === 0), 'its acknowledgement');
    const { client } = await someone(url);
    await client.messages.send({ chat_id: 'general', content: 'from somebody else' });
    await until(async () => (await last()).endsWith('from somebody else'), 'the answer');
  });
});
