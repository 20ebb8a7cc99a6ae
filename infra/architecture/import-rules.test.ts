import { expect } from 'chai';
import { manifest, onTree } from './fixture-tree.ts';
import { cycleFaults, folderFaults } from './import-cycles.ts';
import { importFaults } from './import-rules.ts';
import { REPO } from './tree.ts';

const sample = {
  'packages/kit/package.json': manifest('@chatapi/kit', ['joi', '@chatapi/bus']),
  'packages/bus/package.json': manifest('@chatapi/bus', ['@chatapi/kit']),
  'services/auth/package.json': manifest('@chatapi/auth', ['@chatapi/kit', '@chatapi/user'], ['busboy']),
  'services/user/package.json': manifest('@chatapi/user'),
  'infra/local/package.json': manifest('@chatapi/local', ['@chatapi/auth']),
};
const faultsOf = (file: string, text: string): string[] => onTree({ ...sample, [file]: text }, importFaults);

describe('import rules', () => {
  it('allow imports from infra to services to packages, of declared dependencies only', () => {
    expect(importFaults(REPO)).to.deep.equal([]);
  });

  it('a service that imports a service is found', () => {
    expect(faultsOf('services/auth/src/a.ts', "import { x } from '@chatapi/user';")).to.match(/may not import/);
  });

  it('a package that imports a package is found, also over several lines and in an export', () => {
    expect(faultsOf('packages/kit/src/a.ts', "import {\n  x,\n} from '@chatapi/bus';")).to.have.length(1);
    expect(faultsOf('packages/kit/src/a.ts', "export * from '@chatapi/bus';")).to.have.length(1);
  });

  it('bus may import kit', () => {
    expect(faultsOf('packages/bus/src/a.ts', "import { every } from '@chatapi/kit';")).to.deep.equal([]);
  });

  it('a package that imports a service, and a service that imports infra, are found', () => {
    expect(faultsOf('packages/kit/src/a.ts', "import type { X } from '@chatapi/auth';")).to.have.length(1);
    expect(faultsOf('services/auth/src/a.ts', "import { start } from '@chatapi/local';")).to.have.length(1);
  });

  it('a path out of the member’s folder is found, one inside it is allowed', () => {
    expect(faultsOf('services/auth/src/a.ts', "import '../../user/src/b.ts';")).to.match(/reaches out/);
    expect(faultsOf('services/auth/src/deep/a.ts', "import '../b.ts';")).to.deep.equal([]);
  });

  it('an undeclared dependency is found; a development dependency is for types and tests only', () => {
    expect(faultsOf('services/auth/src/a.ts', "import express from 'express';")).to.match(/not declared/);
    expect(faultsOf('services/auth/src/a.ts', "import busboy from 'busboy';")).to.match(/not declared/);
    expect(faultsOf('services/auth/src/a.ts', "import type { B } from 'busboy';")).to.deep.equal([]);
    expect(faultsOf('services/auth/test/a.test.ts', "import busboy from 'busboy';")).to.deep.equal([]);
  });

  it('infra may use services and packages', () => {
    expect(faultsOf('infra/local/src/a.ts', "import { x } from '@chatapi/auth';")).to.deep.equal([]);
  });
});

describe('import cycles', () => {
  it('do not exist', () => {
    expect(cycleFaults(REPO)).to.deep.equal([]);
  });

  it('of three files are found and named', () => {
    const files = {
      ...sample,
      'services/auth/src/a.ts': "import { b } from './b.ts';",
      'services/auth/src/b.ts': "import { type C, c } from './deep/c.ts';",
      'services/auth/src/deep/c.ts': "export { a } from '../a.ts';",
      'services/auth/src/d.ts': "import './a.ts';",
    };
    const cycle = ['a.ts', 'b.ts', 'deep/c.ts', 'a.ts'].map((file) => `services/auth/src/${file}`).join(' → ');
    expect(onTree(files, cycleFaults)).to.deep.equal([cycle]);
    const forTypes = { ...files, 'services/auth/src/b.ts': "import type { C } from './deep/c.ts';" };
    expect(onTree(forTypes, cycleFaults)).to.have.length(1);
  });

  it('do not exist between the folders of a service', () => {
    expect(folderFaults(REPO)).to.deep.equal([]);
  });

  it('of two folders are found, except through files outside folders', () => {
    const files = {
      ...sample,
      'services/auth/src/context.ts': "import type { L } from './log/l.ts';",
      'services/auth/src/log/l.ts': '',
      'services/auth/src/log/m.ts': "import { r } from '../rooms/r.ts';",
      'services/auth/src/rooms/r.ts': "import type { Context } from '../context.ts';",
    };
    expect(onTree(files, folderFaults)).to.deep.equal([]);
    const back = { ...files, 'services/auth/src/rooms/s.ts': "import type { L } from '../log/l.ts';" };
    expect(onTree(back, folderFaults)).to.deep.equal(['services/auth: log → rooms → log']);
  });
});
