// Which instances work for which rooms: shards under leases in PostgreSQL.
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { claimShards, releaseShards } from '../src/followers/shard-store.ts';
import { followerMigrations } from '../src/index.ts';

describe('shards of followers', () => {
  const schema = `shards_${process.pid}`;
  let db: Knex;
  before(async () => {
    const connection = { connectionString: process.env.TEST_DATABASE_URL ?? '', options: `-c search_path=${schema}` };
    db = knex({ client: 'pg', connection, pool: { min: 0, max: 3 } });
  });
  beforeEach(async () => {
    await db.raw(`drop schema if exists ${schema} cascade; create schema ${schema}`);
    for (const { up } of followerMigrations) await up(db);
  });
  after(async () => {
    await db.raw(`drop schema ${schema} cascade`);
    await db.destroy();
  });

  const claim = async (instance: string, on: Knex = db, most = 2): Promise<number> =>
    (await claimShards(on, instance, most)).shards.length;

  it('are shared in halves, and come back when an instance ends', async () => {
    expect([await claim('a'), await claim('b'), await claim('a'), await claim('b')]).to.deep.equal([64, 0, 32, 32]);
    await releaseShards(db, 'b');
    expect(await claim('a')).to.equal(64);
  });

  it('are given up for those who claim at the same moment each time', async () => {
    await claim('a');
    await claim('b');
    expect(await claim('a')).to.equal(32);
    await db.transaction(async (unfinished) => {
      expect(await claim('a', unfinished)).to.equal(32);
      expect(await claim('b')).to.equal(32);
    });
  });

  it('belong to as many instances as may work, and to one of the others when one ends', async () => {
    for (const instance of ['a', 'b', 'c', 'a', 'b', 'c']) await claim(instance);
    expect([await claim('a'), await claim('b'), await claim('c')]).to.deep.equal([32, 32, 0]);
    await releaseShards(db, 'a');
    expect(await claim('c')).to.equal(32);
  });

  it('whose lease ended are taken, and not by the one that had them', async () => {
    await claim('a');
    await db.raw(`update follower_shards set until = now() - interval '1 second'`);
    await db.raw(`update follower_instances set until = now() - interval '1 second'`);
    expect(await claim('b')).to.equal(64);
    expect(await claim('a')).to.equal(0);
  });
});
