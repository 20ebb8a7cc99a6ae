import { expect } from 'chai';
import { arrowFaults } from './arrows.ts';
import { cycleFaults } from './cycles.ts';
import { manifest, onTree } from './planted.ts';
import { REPO } from './tree.ts';

const house = {
  'packages/kit/package.json': manifest('@chatapi/kit', ['joi']),
  'packages/bus/package.json': manifest('@chatapi/bus', ['@chatapi/kit']),
  'services/auth/package.json': manifest('@chatapi/auth', ['@chatapi/kit', '@chatapi/user'], ['busboy']),
  'services/user/package.json': manifest('@chatapi/user'),
  'infra/local/package.json': manifest('@chatapi/local', ['@chatapi/auth']),
};
const faultsOf = (file: string, text: string): string[] => onTree({ ...house, [file]: text }, arrowFaults);

describe('arrows of the house', () => {
  it('point from infra to services to packages, to declared things only', () => {
    expect(arrowFaults(REPO)).to.deep.equal([]);
  });

  it('a service that imports a service is caught', () => {
    expect(faultsOf('services/auth/src/a.ts', "import { x } from '@chatapi/user';")).to.match(/may not import/);
  });

  it('a package that imports a package is caught, over several lines and in an export too', () => {
    expect(faultsOf('packages/bus/src/a.ts', "import {\n  x,\n} from '@chatapi/kit';")).to.have.length(1);
    expect(faultsOf('packages/bus/src/a.ts', "export * from '@chatapi/kit';")).to.have.length(1);
  });

  it('a package that imports a service, and a service that imports infra, are caught', () => {
    expect(faultsOf('packages/kit/src/a.ts', "import type { X } from '@chatapi/auth';")).to.have.length(1);
    expect(faultsOf('services/auth/src/a.ts', "await import('@chatapi/local');")).to.have.length(1);
  });

  it('a path out of the member’s folder is caught, one inside it is not', () => {
    expect(faultsOf('services/auth/src/a.ts', "import '../../user/src/b.ts';")).to.match(/reaches out/);
    expect(faultsOf('services/auth/src/deep/a.ts', "import '../b.ts';")).to.deep.equal([]);
  });

  it('an undeclared dependency is caught; one for development serves types and tests alone', () => {
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
  it('there are none', () => {
    expect(cycleFaults(REPO)).to.deep.equal([]);
  });

  it('a circle of three files is caught and named', () => {
    const files = {
      ...house,
      'services/auth/src/a.ts': "import { b } from './b.ts';",
      'services/auth/src/b.ts': "import { type C, c } from './deep/c.ts';",
      'services/auth/src/deep/c.ts': "export { a } from '../a.ts';",
      'services/auth/src/d.ts': "import './a.ts';",
    };
    const circle = ['a.ts', 'b.ts', 'deep/c.ts', 'a.ts'].map((file) => `services/auth/src/${file}`).join(' → ');
    expect(onTree(files, cycleFaults)).to.deep.equal([circle]);
    const forTypes = { ...files, 'services/auth/src/b.ts': "import type { C } from './deep/c.ts';" };
    expect(onTree(forTypes, cycleFaults)).to.deep.equal([]);
  });
});
