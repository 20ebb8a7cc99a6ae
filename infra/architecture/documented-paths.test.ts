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

describe('paths that the documents name', () => {
  it('exist', () => expect(missingPaths(REPO)).to.deep.equal([]));

  it('that do not exist are found', () => {
    const files = { 'docs/a.md': 'see `services/auth/src/login.ts` and `services/auth/src/b.ts`' };
    expect(onTree({ ...files, 'services/auth/src/login.ts': '' }, missingPaths)).to.have.length(1);
  });
});
