import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { output, refusals, versionFaults, writeVersion } from '../src/index.ts';

const compose = (...versions: string[]): string =>
  versions.map((version) => `image: chatapi/auth:\${CHATAPI_VERSION:-${version}}\n`).join('');

const rendered = 'image: chatapi/auth:1.2.3\n';

const TREE = {
  'package.json': '{\n  "version": "1.2.3"\n}\n',
  'CHANGELOG.md': '# chatapi\n\n## 1.2.3\n',
  '.changeset/README.md': '',
  'packages/kit/package.json': '{ "private": true }',
  'packages/kit/src/version.ts': "export const VERSION = '1.2.3';\n",
  'packages/client/package.json': '{\n  "version": "1.2.3",\n  "dependencies": { "version": "1" }\n}\n',
  'packages/react/package.json': '{\n  "version": "1.2.3"\n}\n',
  'packages/client-python/pyproject.toml': '[project]\nversion = "1.2.3"\n',
  'infra/docker/Dockerfile': 'ARG SERVICE\nARG VERSION=1.2.3\nARG REVISION=unknown\n',
  'docker-compose.yml': compose('1.2.3', '1.2.3'),
  'k8s/base/kustomization.yaml':
    '  - { name: chatapi/auth, newTag: 1.2.3 }\n  - { name: chatapi/user, newTag: 1.2.3 }\n',
  'k8s/rendered/dev.yaml': rendered,
  'k8s/rendered/production.yaml': rendered,
  'k8s/rendered/production-with-adapter.yaml': rendered,
  'k8s/rendered/production-with-private-ca.yaml': rendered,
  '.env.example': '# tag\n#CHATAPI_VERSION=1.2.3\n',
};

describe('a release', () => {
  let root: string;
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const git = (...args: string[]): string =>
    output(['git', '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: root });
  const commit = (): string => git('add', '-A') + git('commit', '-q', '--allow-empty', '-m', 'x');

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'chatapi-refusals-'));
    for (const [file, text] of Object.entries(TREE)) put(file, text);
    git('init', '-q');
    commit();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is made of a clean tree whose version has an entry in the changelog and no tag', () => {
    expect(refusals(root)).to.deep.equal([]);
  });

  it('is refused on a tree with changes', () => {
    put('new.txt', '');
    expect(refusals(root))
      .to.have.length(1)
      .and.match(/changes:\n\?\? new\.txt/);
  });

  it('is refused when its tag exists', () => {
    git('tag', 'v1.2.3');
    expect(refusals(root)).to.deep.equal(['the tag v1.2.3 exists']);
  });

  it('is refused without an entry in the changelog', () => {
    put('CHANGELOG.md', '# chatapi\n\n## 1.2.30\n');
    commit();
    expect(refusals(root)).to.deep.equal(['CHANGELOG.md has no "## 1.2.3"']);
  });

  it('is refused while a changeset is not applied', () => {
    put('.changeset/blue-fox.md', '');
    commit();
    expect(refusals(root))
      .to.have.length(1)
      .and.match(/blue-fox\.md not applied/);
  });

  it('is refused where a place has another version, or a package or a source one of its own', () => {
    put('docker-compose.yml', compose('1.2.3', '1.2.2'));
    put('.env.example', '');
    put('packages/kit/package.json', '{ "private": true, "version": "1.2.3" }');
    put('services/auth/src/main.ts', "run({ version: '1.2.3' });");
    commit();
    expect(refusals(root)).to.deep.equal([
      'docker-compose.yml: version 1.2.2, but package.json has 1.2.3',
      '.env.example: no version found',
      'packages/kit/package.json: a private package has no version',
      'services/auth/src/main.ts: import VERSION from @chatapi/kit instead of a literal',
    ]);
  });

  it('takes a new version from the root package.json to all places', () => {
    put('package.json', '{\n  "version": "1.3.0"\n}\n');
    expect(versionFaults(root)).to.have.length(12);
    writeVersion(root);
    expect(versionFaults(root)).to.deep.equal([]);
    expect(git('diff', '--stat')).to.match(/13 files changed, 15 insertions\(\+\), 15 deletions/);
  });
});
