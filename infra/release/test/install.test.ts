// What the release publishes, as a user installs it: in an empty folder, without a network.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Python, python, REPO } from '@chatapi/local';
import { expect } from 'chai';
import { checkTarball, output, packNpm, packPython } from '../src/index.ts';

const APP = `import { ChatApiError, ChatClient, type Message } from '@chatapi/client';
const client: ChatClient = new ChatClient({ baseUrl: 'http://localhost:8000', token: 'token' });
export const send = async (content: string): Promise<Message> => client.messages.send({ chat_id: 'general', content });
export const isRefusal = (error: unknown): boolean => error instanceof ChatApiError && error.status < 500;
if (typeof client.users.me !== 'function') throw new Error('no users.me');
`;
const BACKEND = `import { ChatServer, type MintedToken } from '@chatapi/client/server';
const server: ChatServer = new ChatServer({ baseUrl: 'http://localhost:8000', key: 'cak_key' });
export const tokenOf = (externalId: string): Promise<MintedToken> => server.users.createToken(externalId);
`;
const COMPILER = { module: 'nodenext', target: 'es2022', lib: ['es2022', 'DOM'], types: [], strict: true };

const PYTHON_APP = `from chatapi_client import ChatClient, ChatServer, Message, MintedToken

server: ChatServer = ChatServer("http://localhost:8000", "cak_key")

def token_of(external_id: str) -> MintedToken:
    return server.users.create_token(external_id)

client: ChatClient = ChatClient("http://localhost:8000", "token")

def send(content: str) -> Message:
    return client.messages.send(chat_id="general", content=content)
`;
const PYTHON_FACTS = `
import app, chatapi_client, importlib.metadata, pathlib, sys
package = pathlib.Path(chatapi_client.__file__).parent
assert package.is_relative_to(sys.prefix), package
assert (package / "py.typed").exists()
installed = importlib.metadata.distribution("chatapi-client")
assert any(file.name == "LICENSE" for file in installed.files)
print(installed.version)
`;

const { version } = JSON.parse(readFileSync(join(REPO, 'package.json'), 'utf8')) as { version: string };

describe('packages as a user installs them', function () {
  this.timeout(120_000);
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'chatapi-release-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  describe('the npm tarballs', () => {
    let tarball: string;
    let react: string;
    before(() => {
      [tarball, react] = packNpm(join(dir, 'npm'));
    });

    const fileIn = (archive: string, name: string): string => output(['tar', 'xOzf', archive, `package/${name}`]);

    it('have the version, a licence, a README and no dependency but the client', () => {
      const file = (name: string): string => fileIn(tarball, name);
      const hooks = JSON.parse(fileIn(react, 'package.json')) as Record<string, unknown>;
      expect(hooks).to.deep.include({ name: '@chatapi/react', version, dependencies: { '@chatapi/client': version } });
      expect(hooks).to.not.have.any.keys('private', 'devDependencies');
      expect(fileIn(react, 'README.md')).to.match(/@chatapi\/react/);
      const manifest = JSON.parse(file('package.json')) as Record<string, unknown>;
      expect(manifest).to.include({ name: '@chatapi/client', version, license: 'Apache-2.0' });
      expect(manifest).to.not.have.any.keys('private', 'dependencies');
      expect(file('LICENSE')).to.match(/Apache License/);
      expect(file('README.md')).to.match(/@chatapi\/client/);
    });

    for (const name of ['client', 'react'])
      it(`have the exports of the workspace without the sources: ${name}`, () => {
        const manifest = readFileSync(join(REPO, 'packages', name, 'package.json'), 'utf8');
        const { exports, publishConfig } = JSON.parse(manifest, (key, value) => (key === 'source' ? undefined : value));
        expect(publishConfig.exports).to.deep.equal(exports);
        expect(JSON.parse(fileIn(name === 'react' ? react : tarball, 'package.json')).exports).to.deep.equal(exports);
      });

    it('compile in a strict app and run', () => {
      const app = join(dir, 'npm');
      writeFileSync(join(app, 'package.json'), '{"private":true,"type":"module"}');
      writeFileSync(join(app, 'app.ts'), APP);
      writeFileSync(join(app, 'backend.ts'), BACKEND);
      writeFileSync(
        join(app, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: COMPILER, files: ['app.ts', 'backend.ts'] }),
      );
      output(['npm', 'install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: app });
      output([join(REPO, 'node_modules', '.bin', 'tsc'), '-p', '.'], { cwd: app });
      for (const file of ['app.js', 'backend.js']) output([process.execPath, file], { cwd: app });
    });

    it('pass publint and attw; without its types the client does not', () => {
      checkTarball(tarball);
      checkTarball(react);
      const broken = join(dir, 'broken.tgz');
      output(['tar', 'xzf', tarball, '-C', dir]);
      rmSync(join(dir, 'package', 'dist', 'cjs', 'index.d.ts'));
      output(['tar', 'czf', broken, '-C', dir, 'package']);
      expect(() => checkTarball(broken)).to.throw(/index\.d\.ts/);
    });
  });

  describe('the Python packages', () => {
    let built: string[];
    before(() => {
      built = packPython(join(dir, 'python'));
    });

    it('are a wheel and a source distribution under the names that PyPI takes', () => {
      expect(readdirSync(join(dir, 'python')).sort()).to.deep.equal([
        `chatapi_client-${version}-py3-none-any.whl`,
        `chatapi_client-${version}.tar.gz`,
      ]);
    });

    for (const kind of ['wheel', 'source distribution'])
      it(`are imported from the ${kind}`, () => {
        const { file, env } = pythonWithoutSources();
        const cwd = join(dir, kind.replace(' ', '-'));
        output([file, '-m', 'venv', '--without-pip', '--system-site-packages', cwd], { env });
        const inside = join(cwd, 'bin', 'python');
        const flags = ['--no-index', '--no-build-isolation', '--disable-pip-version-check'];
        const distribution = built[kind === 'wheel' ? 0 : 1] as string;
        output([file, '-m', 'pip', '--python', inside, 'install', ...flags, distribution], { cwd, env });
        writeFileSync(join(cwd, 'app.py'), PYTHON_APP);
        expect(output([inside, '-c', PYTHON_FACTS], { cwd, env })).to.equal(version);
      });

    it('have their types in a strict app', function () {
      const { file, env } = pythonWithoutSources();
      if (!hasMypy(file, env)) this.skip();
      const cwd = join(dir, 'wheel');
      const cache = join(REPO, '.cache', 'mypy-app');
      const flags = ['--strict', '--cache-dir', cache, '--python-executable', join('bin', 'python')];
      output([file, '-m', 'mypy', ...flags, 'app.py'], { cwd, env });
      writeFileSync(join(cwd, 'wrong.py'), PYTHON_APP.replace('content=content', 'content=1'));
      expect(() => output([file, '-m', 'mypy', ...flags, 'wrong.py'], { cwd, env })).to.throw(/arg-type/);
    });
  });
});

/** With the libraries that the SDK needs, but not its sources. A venv finds its own home. */
function pythonWithoutSources(): Python {
  const { file, env } = python();
  const { PYTHONHOME: _, PYTHONPATH = '', ...rest } = env;
  const libraries = PYTHONPATH.split(delimiter).filter((place) => !place.startsWith(join(REPO, 'packages')));
  return { file, env: { ...rest, PYTHONPATH: libraries.join(delimiter) } };
}

function hasMypy(file: string, env: NodeJS.ProcessEnv): boolean {
  try {
    return output([file, '-m', 'mypy', '--version'], { env }) !== '';
  } catch {
    return false;
  }
}
