import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeyOf, SERVICES } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { REPO } from '../src/settings.ts';

const SCRIPT = join(REPO, 'infra', 'docker', 'secrets.sh');
const run = (...args: string[]): string => execFileSync('sh', [SCRIPT, ...args], { encoding: 'utf8' });

type Env = Record<string, string>;
const parse = (text: string): Env =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
const publicKeys = ({ SERVICE_PUBLIC_KEYS = '' }: Env): Env => parse(SERVICE_PUBLIC_KEYS.replaceAll(',', '\n'));
const plain = (key = ''): string => Buffer.from(key, 'base64').toString('base64url');

describe('infra/docker/secrets.sh', () => {
  it('makes every variable that docker-compose.yml demands, and keys that belong together', () => {
    const env = parse(run());
    const compose = readFileSync(join(REPO, 'docker-compose.yml'), 'utf8');
    const demanded = [...compose.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name as string);
    expect(env).to.include.keys(...new Set(demanded));
    expect(new Set(Object.values(env)), 'no value twice').to.have.length(Object.keys(env).length);
    for (const service of SERVICES) {
      const own = env[`${service.toUpperCase().replace('-', '_')}_SERVICE_KEY`];
      expect(publicKeyOf(own as string), service).to.equal(plain(publicKeys(env)[service]));
    }
  });

  it('makes a file for each Secret of Kubernetes, which only their owner can read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chatapi-k8s-'));
    run('k8s', folder);
    const read = (name: string): Env => parse(readFileSync(join(folder, `${name}.env`), 'utf8'));
    expect(readdirSync(folder).sort()).to.deep.equal(['secrets', ...SERVICES].map((name) => `${name}.env`).sort());
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077, name).to.equal(0);
    for (const service of SERVICES)
      expect(publicKeyOf(read(service).SERVICE_KEY as string)).to.equal(plain(publicKeys(read('secrets'))[service]));
    rmSync(folder, { recursive: true });
  });

  it('makes a new key with its public key, for a rotation', () => {
    const [own = '', known = ''] = run('key').trim().split('\n');
    expect(publicKeyOf(own.slice('SERVICE_KEY='.length))).to.equal(plain(known.slice('public key: '.length)));
  });
});
