// The TypeScript SDK as an app gets it: the tarball in an empty folder, loaded in every way.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPO } from '@chatapi/local';
import { packNpm } from '@chatapi/release';
import { expect } from 'chai';
import { type Person, registered } from '../src/accounts.ts';
import { cluster } from '../src/cluster.ts';
import { type Driver, startDriver } from '../src/driver.ts';
import { SDKS, type Sdk } from '../src/sdks.ts';

const USE = `
const client = new ChatClient({ baseUrl: process.env.URL, token: process.env.TOKEN });
client.users.me().then(({ id }) => console.log(id));`;

/** A page's script has no modules: it defines a global. */
const PAGE = `
const { readFileSync } = require('node:fs');
const { runInThisContext } = require('node:vm');
runInThisContext(readFileSync('node_modules/@chatapi/client/dist/chatapi-client.js', 'utf8'));
const { ChatClient } = chatapi;${USE}`;

const TYPED = `
const client: ChatClient = new ChatClient({ baseUrl: 'http://localhost:8000', token: async () => '' });
const socket: Realtime = client.websocket.connect();
socket.on('message', ({ content }) => content.trim());
socket.on('state', ({ to }) => to === 'connected');
export const failed = (error: unknown): string | undefined => (error instanceof ChatApiError ? error.code : undefined);
// @ts-expect-error there is no such event
socket.on('massage', () => undefined);
// @ts-expect-error a message has no such field
export const sent = client.messages.send({ chat: 'room' });`;

describe('the TypeScript SDK, installed from its tarball', function () {
  this.timeout(120_000);
  let driver: Driver;
  let person: Person;
  let app: string;

  const run = (file: string, args: string[]): string =>
    execFileSync(file, args, {
      cwd: app,
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, URL: cluster().url, TOKEN: person.session.access_token },
    });
  const node = (file: string, text: string): string => {
    writeFileSync(join(app, file), text);
    return run(process.execPath, [file]).trim();
  };

  before(async () => {
    driver = startDriver(SDKS.find(({ language }) => language === 'typescript') as Sdk);
    person = await registered(driver, cluster().url);
    app = mkdtempSync(join(tmpdir(), 'chatapi-app-'));
    const [tarball] = packNpm(app);
    writeFileSync(join(app, 'package.json'), '{"private":true}');
    run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball]);
  });
  after(async () => {
    rmSync(app, { recursive: true, force: true });
    await driver.end();
  });

  it('has no dependencies', () => {
    expect(readdirSync(join(app, 'node_modules')).filter((name) => !name.startsWith('.'))).to.deep.equal(['@chatapi']);
    expect(readdirSync(join(app, 'node_modules', '@chatapi'))).to.deep.equal(['client']);
  });

  it('can be imported', () =>
    expect(node('app.mjs', `import { ChatClient } from '@chatapi/client';${USE}`)).to.equal(person.id));

  it('can be required', () =>
    expect(node('app.cjs', `const { ChatClient } = require('@chatapi/client');${USE}`)).to.equal(person.id));

  it('works as a <script>', () => expect(node('page.cjs', PAGE)).to.equal(person.id));

  it('has its types in both module systems', () => {
    const names = '{ ChatApiError, ChatClient, type Realtime }';
    writeFileSync(join(app, 'typed.mts'), `import ${names} from '@chatapi/client';${TYPED}`);
    writeFileSync(join(app, 'typed.cts'), `import ${names} from '@chatapi/client';${TYPED}`);
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2022', 'DOM'],
      types: [],
      strict: true,
      noEmit: true,
      skipLibCheck: false,
    };
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.mts', 'typed.cts'] }));
    try {
      run(join(REPO, 'node_modules', '.bin', 'tsc'), ['-p', '.']);
    } catch (error) {
      expect.fail((error as { stdout: string }).stdout);
    }
  });
});
