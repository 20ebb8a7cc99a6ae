import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandLine, lockDataDir, openDataDir, secretsOf, unlockDataDir } from '../src/data-dir.ts';
import { INSPECT_PORT, inspectorOf, planInstances } from '../src/instances.ts';
import { claimPort, freePort, portIsFree, releasePort } from '../src/ports.ts';
import { REPO, readSettings } from '../src/settings.ts';

describe('the runner', () => {
  const dir = mkdtempSync(join(tmpdir(), 'chatapi-settings-'));
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('names a setting that is not a number, with what was expected', () => {
    expect(() => readSettings({ PORT: '80a' })).to.throw('PORT must be a whole number from 0 to 65535, not "80a"');
    expect(() => readSettings({ REALTIME_NODES: '0' })).to.throw('REALTIME_NODES must be a whole number from 1 to 32');
  });

  it('names a port that is in use on any address', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await portIsFree(port)).to.equal(false);
    const fault = await claimPort(port, 'PORT').then(
      () => '',
      (error: Error) => error.message,
    );
    expect(fault).to.equal(`port ${port} is in use: stop the process that listens there, or set PORT`);
    server.close();
  });

  it('never chooses a port twice', async () => {
    const ports = await Promise.all(Array.from({ length: 40 }, freePort));
    expect(new Set(ports).size).to.equal(40);
  });

  it('reserves a port against other runners before anything listens there, until it is released', async () => {
    const port = await freePort();
    const ports = JSON.stringify(join(import.meta.dirname, '..', 'src', 'ports.ts'));
    const claim = `import(${ports}).then(({ claimPort }) => claimPort(${port}, 'PORT')).then(console.log, (e) => console.log(e.message))`;
    const other = (): string =>
      execFileSync(process.execPath, ['--conditions=source', '-e', claim], { encoding: 'utf8' }).trim();
    expect(await portIsFree(port)).to.equal(true);
    expect(other()).to.equal(`port ${port} is in use: stop the process that listens there, or set PORT`);
    releasePort(port);
    expect(other()).to.equal(String(port));
  });

  it('names instances as documented for cluster.json', async () => {
    const settings = readSettings({
      PORT: '0',
      REALTIME_PORT: '0',
      GATEWAY_INSTANCES: '2',
      MESSAGE_INSTANCES: '2',
      DATA_DIR: dir,
    });
    const names = (await planInstances(settings)).map(({ name }) => name);
    expect(names).to.deep.equal([
      'api-gateway',
      'api-gateway-2',
      'auth',
      'user',
      'message-1',
      'message-2',
      'file',
      'admin',
      'integration',
      'realtime-1',
      'realtime-2',
    ]);
  });

  it('gives each instance the inspector that the editor attaches to', async () => {
    const settings = { ...readSettings({ PORT: '0', REALTIME_PORT: '0' }), inspectPort: INSPECT_PORT };
    const instances = await planInstances(settings);
    const launch = JSON.parse(readFileSync(join(REPO, '.vscode', 'launch.json'), 'utf8')) as {
      configurations: { name: string; port: number }[];
    };
    expect(launch.configurations.map(({ name, port }) => [name, port])).to.deep.equal(
      instances.map((instance) => [instance.name, inspectorOf({ settings, instances }, instance)]),
    );
  });

  it('creates secrets once, readable by the owner only', () => {
    openDataDir(dir);
    const secrets = secretsOf(dir);
    expect(secretsOf(dir)).to.deep.equal(secrets);
    expect(statSync(join(dir, 'secrets.json')).mode & 0o777).to.equal(0o600);
    expect(secrets.jwt.length).to.be.at.least(32);
  });

  it('keeps what an earlier version made, and makes a key and a password for each service', () => {
    const old = mkdtempSync(join(tmpdir(), 'chatapi-secrets-'));
    writeFileSync(join(old, 'secrets.json'), JSON.stringify({ jwt: 'j', internal: 'i', postgres: 'p', roles: 'r' }));
    const { jwt, files, postgres, roles, services } = secretsOf(old);
    expect({ jwt, files, postgres }).to.deep.equal({ jwt: 'j', files: 'i', postgres: 'p' });
    expect(new Set(Object.values(roles))).to.have.length(6);
    expect(new Set(Object.values(services))).to.have.length(8);
    expect(secretsOf(old)).to.deep.include({ roles, services });
    const file = join(old, 'secrets.json');
    const kept = JSON.parse(readFileSync(file, 'utf8'));
    const [gone] = Object.keys(roles) as [string];
    delete kept.roles[gone];
    delete kept.services[gone];
    writeFileSync(file, JSON.stringify(kept));
    const added = secretsOf(old);
    expect(Object.keys(added.roles), 'a service that is new').to.have.members(Object.keys(roles));
    expect(Object.keys(added.services)).to.have.members(Object.keys(services));
    expect(added.roles).to.deep.include(kept.roles);
    rmSync(old, { recursive: true });
  });

  it('refuses a folder that another runner uses, and takes over that of a dead one', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
    await new Promise((resolve) => other.once('spawn', resolve));
    writeFileSync(join(dir, 'runner.pid'), `${other.pid}\n${commandLine(other.pid as number)}`);
    expect(() => lockDataDir(dir)).to.throw('is already running on');
    other.kill('SIGKILL');
    await new Promise((resolve) => other.once('exit', resolve));
    lockDataDir(dir);
    expect(readFileSync(join(dir, 'runner.pid'), 'utf8').split('\n')[0]).to.equal(String(process.pid));
    unlockDataDir(dir);
  });
});
