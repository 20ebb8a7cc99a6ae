import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { onTree } from './fixture-tree.ts';
import { filesBelow, REPO, read } from './tree.ts';

/** Paths in backticks that begin with a top-level folder of the sources. */
const PATH = /`((?:services|packages|apps|infra|k8s|docs|examples)\/[A-Za-z0-9._/-]+)`/g;

const missingPaths = (root: string): string[] =>
  ['*.md', 'docs/**/*.md', '{services,packages,infra}/*/README.md']
    .flatMap((pattern) => filesBelow(root, '.', pattern))
    .flatMap((file) =>
      [...read(root, file).matchAll(PATH)]
        .map(([, path]) => path as string)
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${file}: no ${path}`),
    );

/** A file named by the end of its path, such as `access/archive.ts`. */
const FILE = /(?<![\w./*{}@-])((?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)*\.tsx?)(?![\w*])/g;
const COMMENT = /^\s*(?:\/\/|\/?\*)(.*)$/gm;
const CODE_SPAN = /`([^`\n]+)`/g;

/** Files that comments and documents name, and that were renamed or moved since. */
function missingFiles(root: string): string[] {
  const sources = ['packages', 'apps', 'services', 'infra', 'examples'].flatMap((dir) =>
    filesBelow(root, dir, '**/*.{ts,tsx}'),
  );
  const documents = ['*.md', '{docs,services,packages,infra,apps,examples,k8s}/**/*.md'].flatMap((pattern) =>
    filesBelow(root, '.', pattern),
  );
  const ends = new Set(sources.flatMap((path) => path.split('/').map((_, i, parts) => parts.slice(i).join('/'))));
  const namedIn = (file: string, spans: RegExp): string[] =>
    [...read(root, file).matchAll(spans)]
      .flatMap(([, span]) => [...(span as string).matchAll(FILE)])
      .map(([, name]) => name as string)
      .filter((name) => !ends.has(name))
      .map((name) => `${file}: no ${name}`);
  return [
    ...sources.flatMap((file) => namedIn(file, COMMENT)),
    ...documents.filter((file) => file !== 'CHANGELOG.md').flatMap((file) => namedIn(file, CODE_SPAN)),
  ];
}

describe('files that comments and documents name by the end of their path', () => {
  it('exist', () => expect(missingFiles(REPO)).to.deep.equal([]));

  it('that do not exist are found', () => {
    const files = {
      'services/auth/src/login.ts': '// See sessions/end.ts and auth/src/login.ts.\n/**\n * As in gone.test.ts\n */',
      'docs/a.md': '`login.ts` and `src/b.ts`, not c.ts\n',
    };
    expect(onTree(files, missingFiles)).to.deep.equal([
      'services/auth/src/login.ts: no sessions/end.ts',
      'services/auth/src/login.ts: no gone.test.ts',
      'docs/a.md: no src/b.ts',
    ]);
  });
});

describe('paths that the documents name', () => {
  it('exist', () => expect(missingPaths(REPO)).to.deep.equal([]));

  it('that do not exist are found', () => {
    const files = { 'docs/a.md': 'see `services/auth/src/login.ts` and `services/auth/src/b.ts`' };
    expect(onTree({ ...files, 'services/auth/src/login.ts': '' }, missingPaths)).to.have.length(1);
  });
});
