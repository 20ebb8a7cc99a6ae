import { expect } from 'chai';
import { onTree } from './fixture-tree.ts';
import {
  advisoryLockFaults,
  environmentFaults,
  lengthFaults,
  MAX_LINES,
  nameFaults,
  sqlFaults,
} from './source-rules.ts';
import { REPO } from './tree.ts';

type Check = (root: string) => string[];
const faults = (check: Check, file: string, text: string): string[] => onTree({ [file]: text }, check);

describe('source rules', () => {
  it('the environment is read only in config.ts', () => expect(environmentFaults(REPO)).to.deep.equal([]));
  it('SQL is only in stores and migrations', () => expect(sqlFaults(REPO)).to.deep.equal([]));
  it('no lock can be held by another role', () => expect(advisoryLockFaults(REPO)).to.deep.equal([]));
  it('no file or folder has a vague name', () => expect(nameFaults(REPO)).to.deep.equal([]));
  it(`no file has more than ${MAX_LINES} lines`, () => expect(lengthFaults(REPO)).to.deep.equal([]));

  it('process.env elsewhere is found, except in comments', () => {
    for (const text of ['const e = process.env.X;', "const e = process['env'];", "import { env } from 'node:process';"])
      expect(faults(environmentFaults, 'services/auth/src/login.ts', text), text).to.have.length(1);
    expect(faults(environmentFaults, 'packages/kit/src/config.ts', 'export const e = process.env;')).to.have.length(1);
    expect(faults(environmentFaults, 'services/auth/src/config.ts', 'process.env')).to.deep.equal([]);
    expect(faults(environmentFaults, 'services/auth/src/a.ts', '// never process.env here')).to.deep.equal([]);
  });

  it('an advisory lock is found', () => {
    for (const text of ["db.raw('select pg_advisory_xact_lock(1)')", "db.raw('select pg_try_advisory_lock(1)')"])
      expect(faults(advisoryLockFaults, 'services/auth/src/a-store.ts', text), text).to.have.length(1);
  });

  it('SQL in a rule is found in every form', () => {
    const ways = [
      "await db.raw('update x set y = 1');",
      "await trx('accounts').where({ id });",
      "await db<Row>('accounts').first();",
      "await trx.insert(row).into('accounts');",
      'await pool.query(`\n  select id\n  from accounts`);',
      "await pool.query('insert into accounts values ($1)');",
      'const sql = `with x as (select 1) select 2`;',
    ];
    for (const text of ways) {
      expect(faults(sqlFaults, 'services/auth/src/accounts.ts', text), text).to.have.length(1);
      expect(faults(sqlFaults, 'services/auth/src/account-store.ts', text), text).to.deep.equal([]);
      expect(faults(sqlFaults, 'services/auth/src/migrations/001.ts', text), text).to.deep.equal([]);
    }
  });

  it('text that only looks like SQL is mostly allowed', () => {
    for (const text of ["await ctx.db.raw('select 1');", "say('select a file from the list below');", 'db.destroy();'])
      expect(faults(sqlFaults, 'services/auth/src/context.ts', text), text).to.have.length(
        text.includes('file') ? 1 : 0,
      );
  });

  it('a folder or file named utils is found', () => {
    expect(faults(nameFaults, 'services/auth/src/utils/x.ts', '')).to.have.length(1);
    expect(faults(nameFaults, 'packages/kit/src/helpers.ts', '')).to.have.length(1);
  });

  it('a file of 301 lines is found, one of 300 is allowed', () => {
    expect(faults(lengthFaults, 'services/auth/src/x.ts', 'x;\n'.repeat(301))).to.have.length(1);
    expect(faults(lengthFaults, 'services/auth/src/x.ts', 'x;\n'.repeat(300))).to.deep.equal([]);
  });
});
