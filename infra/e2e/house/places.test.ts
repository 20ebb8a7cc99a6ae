import { expect } from 'chai';
import { environmentFaults, lengthFaults, MOST_LINES, nameFaults, sqlFaults } from './places.ts';
import { onTree } from './planted.ts';
import { REPO } from './tree.ts';

type Check = (root: string) => string[];
const faults = (check: Check, file: string, text: string): string[] => onTree({ [file]: text }, check);

describe('places of the house', () => {
  it('the environment is read in config.ts alone', () => expect(environmentFaults(REPO)).to.deep.equal([]));
  it('SQL stands in stores and migrations alone', () => expect(sqlFaults(REPO)).to.deep.equal([]));
  it('no name says nothing', () => expect(nameFaults(REPO)).to.deep.equal([]));
  it(`no file has more than ${MOST_LINES} lines`, () => expect(lengthFaults(REPO)).to.deep.equal([]));

  it('process.env elsewhere is caught, in a comment it is not', () => {
    for (const text of ['const e = process.env.X;', "const e = process['env'];", "import { env } from 'node:process';"])
      expect(faults(environmentFaults, 'services/auth/src/login.ts', text), text).to.have.length(1);
    expect(faults(environmentFaults, 'packages/kit/src/config.ts', 'export const e = process.env;')).to.have.length(1);
    expect(faults(environmentFaults, 'services/auth/src/config.ts', 'process.env')).to.deep.equal([]);
    expect(faults(environmentFaults, 'services/auth/src/a.ts', '// never process.env here')).to.deep.equal([]);
  });

  it('SQL in a rule is caught, whichever way it is said', () => {
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

  it('what only looks like SQL passes', () => {
    for (const text of ["await ctx.db.raw('select 1');", "say('select a file from the list below');", 'db.destroy();'])
      expect(faults(sqlFaults, 'services/auth/src/context.ts', text), text).to.have.length(
        text.includes('file') ? 1 : 0,
      );
  });

  it('a folder or file named utils is caught', () => {
    expect(faults(nameFaults, 'services/auth/src/utils/x.ts', '')).to.have.length(1);
    expect(faults(nameFaults, 'packages/kit/src/helpers.ts', '')).to.have.length(1);
  });

  it('a file of 301 lines is caught, one of 300 is not', () => {
    expect(faults(lengthFaults, 'services/auth/src/x.ts', 'x;\n'.repeat(301))).to.have.length(1);
    expect(faults(lengthFaults, 'services/auth/src/x.ts', 'x;\n'.repeat(300))).to.deep.equal([]);
  });
});
