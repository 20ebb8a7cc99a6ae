import { expect } from 'chai';
import { parse } from 'yaml';
import { servicesOf, settingsOf } from '../services.ts';
import { REPO, read } from '../tree.ts';

interface Container {
  image: string;
  build?: { args: { SERVICE: string } };
  environment?: Record<string, string | null>;
  ports?: string[];
  read_only?: boolean;
  user?: string;
  cap_drop?: string[];
}
interface Compose {
  services: Record<string, Container>;
}

const text = read(REPO, 'docker-compose.yml');
const { services } = parse(text, { merge: true }) as Compose;
const containersOf = (service: string): [string, Container][] =>
  Object.entries(services).filter(([, { build }]) => build?.args.SERVICE === service);
/** Read by the S3 client, not by the service. */
const BY_LIBRARY: Record<string, string[]> = { file: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] };
/** Set by the image or by the local cluster, or optional. */
const BY_IMAGE = new Set(['HOST', 'INTERNAL_HOST', 'PORT', 'INTERNAL_PORT', 'CHATAPI_SUPERVISED', 'DEMO_RUNNER_URL']);

describe('docker-compose.yml', () => {
  it('has every service, two realtime nodes, PostgreSQL, Redis and Prometheus', () => {
    for (const service of servicesOf(REPO))
      expect(containersOf(service), service).to.have.length(service === 'realtime-gateway' ? 2 : 1);
    expect(services).to.include.keys('postgres', 'redis', 'prometheus', 'provision');
  });

  it('gives each service all of its settings and no unknown ones', async () => {
    for (const service of servicesOf(REPO)) {
      const own = (await settingsOf(REPO, service)).map(({ name }) => name).filter((name) => !BY_IMAGE.has(name));
      const known = [...own, ...(BY_LIBRARY[service] ?? [])];
      for (const [name, { environment = {} }] of containersOf(service))
        expect(Object.keys(environment).sort(), name).to.deep.equal(known.sort());
    }
  });

  it('takes secrets from .env, without defaults', () => {
    for (const [, name, rest] of text.matchAll(/\$\{(\w*(?:SECRET|PASSWORD|SERVICE_KEY)\w*?)(:.*?)?\}/g))
      expect(rest, name).to.match(name?.endsWith('_PREVIOUS') ? /^:-$/ : /^:\?/);
    expect(text).not.to.match(/^ *\w*(?:SECRET_KEY|PASSWORD): *[^$\s]/m);
  });

  it('reads only variables that .env.example lists', () => {
    const shown = new Set([...read(REPO, '.env.example').matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name));
    const used = [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name as string);
    const passed = Object.values(services).flatMap(({ environment = {} }) =>
      Object.entries(environment).flatMap(([name, value]) => (value === null ? [name] : [])),
    );
    expect([...new Set([...used, ...passed])].filter((name) => !shown.has(name))).to.deep.equal([]);
  });

  it('publishes only the API gateway and the realtime nodes; Prometheus on the loopback', () => {
    const published = Object.entries(services).filter(([, { ports = [] }]) => ports.length > 0);
    expect(published.map(([name]) => name).sort()).to.deep.equal([
      'api-gateway',
      'prometheus',
      'realtime-1',
      'realtime-2',
    ]);
    expect(services.prometheus?.ports?.[0]).to.match(/^127\.0\.0\.1:/);
    for (const [name, { ports = [] }] of published)
      if (name !== 'prometheus') expect(ports.join(), name).to.match(/:8080$/);
  });

  it('runs services without privileges on a read-only root, from images with a version', () => {
    for (const [name, { image, build, read_only, cap_drop }] of Object.entries(services)) {
      expect(image, name).to.match(/:[\w.${}:-]*\d/);
      if (build !== undefined)
        expect({ read_only, cap_drop }, name).to.deep.equal({ read_only: true, cap_drop: ['ALL'] });
    }
    const dockerfile = read(REPO, 'infra/docker/Dockerfile');
    expect(dockerfile).to.match(/^USER node$/m);
    expect([...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, from]) => from)).to.deep.equal([
      'node:24-bookworm-slim',
      'node:24-bookworm-slim',
    ]);
  });
});
