import { expect } from 'chai';
import { onTree } from './fixture-tree.ts';
import { migrationFaults } from './migrations.ts';
import { REPO } from './tree.ts';

const faults = (text: string): string[] =>
  onTree({ 'services/auth/src/migrations/009-x.ts': text }, (root) => migrationFaults(root));

describe('migrations', () => {
  it('remove nothing that the previous version uses, and block no writes', () => {
    expect(migrationFaults(REPO)).to.deep.equal([]);
  });

  it('a destructive statement without `contracts` is found', () => {
    for (const statement of [
      'alter table accounts drop column email',
      'drop table sessions',
      'drop index accounts_name',
      'alter table a rename column b to c',
      'alter table a rename to b',
      'alter table a alter column b type text',
      'alter table a alter column b set not null',
      'truncate sessions',
    ]) {
      expect(faults(`await db.raw(\`${statement}\`);`), statement).to.have.length(1);
      expect(faults(`contracts: '008-w', up: () => db.raw(\`${statement}\`)`), statement).to.deep.equal([]);
    }
  });

  it('a blocking index on an existing table is found, one on a new table is allowed', () => {
    expect(faults('create index a_b on a (b)')).to.match(/index of a /);
    expect(faults('create table a (b int); create unique index a_b on a (b)')).to.deep.equal([]);
    expect(faults("await createIndex(db, 'a_b', 'on a (b)')")).to.deep.equal([]);
  });
});
