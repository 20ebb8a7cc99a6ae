import { expect } from 'chai';
import { type Knex, openDb, openPool } from '../src/data/database.ts';
import { toAppError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';

const DATABASE_URL = process.env.TEST_DATABASE_URL ?? '';
const settings = { DATABASE_URL, DATABASE_POOL: 4 };
const schema = `kit_${process.pid}`;

describe('database', () => {
  let db: Knex;
  before(async () => {
    db = openDb(settings, schema, 'kit-test');
    await db.raw(`create schema ${schema}`);
  });
  after(async () => {
    await db?.raw(`drop schema ${schema} cascade`);
    await db?.destroy();
  });

  it('reads timestamps correctly in any session time zone', async () => {
    const times = [
      '2026-11-27 18:28:38.723',
      '1969-07-20 20:17:40',
      '2026-01-01 00:00:00.000999',
      '0044-03-15 12:00:00.1',
    ]
      .map((text) => `${text}+00`)
      .concat('12026-01-01 00:00:00+00', '0044-03-15 12:00:00+00 BC');
    for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/St_Johns'])
      await db.transaction(async (trx) => {
        await trx.raw(`set local timezone = '${zone}'`);
        const { rows } = await trx.raw(
          'select t, floor(extract(epoch from t) * 1000)::float8 ms from unnest(?::timestamptz[]) t',
          [times],
        );
        expect(rows).to.have.length(times.length);
        for (const { t, ms } of rows) expect(t.getTime(), t.toISOString()).to.equal(ms);
      });
  });

  it('ends a slow statement with SERVICE_UNAVAILABLE', async () => {
    const error = await db.raw('select pg_sleep(10)').then(() => undefined, toAppError);
    expect(error?.code).to.equal('SERVICE_UNAVAILABLE');
  }).timeout(6000);

  it('a pool keeps working when the server ends its idle connection', async () => {
    const pool = openPool(settings, schema, 'kit-test', createLog('kit', 'kit', 'silent'), { max: 2, options: '' });
    const { rows } = await pool.query('select pg_backend_pid() pid');
    await db.raw('select pg_terminate_backend(?)', [rows[0].pid]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await pool.query('select 1 one')).rows).to.deep.equal([{ one: 1 }]);
    await pool.end();
  });

  it('fails with SERVICE_UNAVAILABLE when nothing listens', async () => {
    const away = openDb({ DATABASE_URL: 'postgresql://x@127.0.0.1:1/x', DATABASE_POOL: 2 }, 'x', 'kit-test');
    const error = await away.raw('select 1').then(() => undefined, toAppError);
    expect(error?.code).to.equal('SERVICE_UNAVAILABLE');
    await away.destroy();
  }).timeout(6000);
});
