import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { manifest, onTree } from './fixture-tree.ts';
import { environmentExample, referenceBlock, withBlock } from './reference.ts';
import { endpointsOf, servicesOf, settingsOf } from './services.ts';
import { REPO, read } from './tree.ts';

const REWRITE = 'is out of date: node --conditions=source infra/architecture/write.ts';
const sample = {
  'services/auth/package.json': manifest('@chatapi/auth'),
  'services/auth/src/config.ts': `export const schema = { describe: () => ({ keys: {
    JWT_SECRET_KEY: { flags: { description: 'signs' } },
    ALLOWED: { flags: { default: ['.jpg', '.png'] } },
    PORT: { flags: { default: 8001 } } } }) };`,
  'services/auth/src/routes.ts':
    "export const routes = [{ method: 'put', path: '/users/:id', who: 'user', summary: 'a | b' }];",
};

describe('generated documentation', () => {
  it('each README lists every endpoint and setting of its service', async function () {
    // Loads the code of every service.
    this.timeout(60_000);
    for (const service of servicesOf(REPO)) {
      const path = `services/${service}/README.md`;
      expect(existsSync(join(REPO, path)), path).to.equal(true);
      const readme = read(REPO, path);
      expect(withBlock(readme, await referenceBlock(REPO, service)) === readme, `${path} ${REWRITE}`).to.equal(true);
    }
  });

  it('.env.example matches the config schemas', async () => {
    expect(read(REPO, '.env.example') === (await environmentExample(REPO)), `.env.example ${REWRITE}`).to.equal(true);
  });

  it('every setting has a description', async () => {
    const settings = (await Promise.all(servicesOf(REPO).map((service) => settingsOf(REPO, service)))).flat();
    expect(settings.filter(({ description }) => description === '')).to.deep.equal([]);
  });

  it('the API gateway forwards exactly the public routes of the services', async () => {
    const key = ({ method, path }: { method: string; path: string }): string =>
      `${method} ${path.replace(/\{\w+\}/g, '{}')}`;
    const forwarded = (await endpointsOf(REPO, 'api-gateway')).filter(({ summary }) => summary.startsWith('→ '));
    const behind = await Promise.all(
      servicesOf(REPO)
        .filter((s) => !s.endsWith('-gateway'))
        .map((s) => endpointsOf(REPO, s)),
    );
    const answered = behind.flat().filter(({ path }) => !path.startsWith('/internal/'));
    expect(forwarded.map(key).sort()).to.deep.equal(answered.map(key).sort());
  });

  it('a README without endpoints or with an old default is found', async () => {
    await onTree(sample, async (root) => {
      const block = await referenceBlock(root, 'auth');
      const readme = withBlock('# auth\n', block);
      expect(readme)
        .to.match(/\| PUT \/users\/\{id\} \| user \| a \\\| b \|/)
        .and.match(/\| ALLOWED +\| `\.jpg,\.png`/);
      expect(withBlock(readme, block)).to.equal(readme);
      expect(withBlock('# auth\n\nendpoints: see the code\n', block)).not.to.equal(
        '# auth\n\nendpoints: see the code\n',
      );
      const old = readme.replace('.jpg,.png', '.jpg');
      expect(withBlock(old, block)).not.to.equal(old);
    });
  });

  it('.env.example has no values for secrets and omits settings that are set per process', async () => {
    await onTree(sample, async (root) => {
      const lines = (await environmentExample(root)).split('\n');
      expect(lines).to.include('JWT_SECRET_KEY=').and.include('#ALLOWED=.jpg,.png').and.not.include('#PORT=8001');
    });
  });
});
