import { expect } from 'chai';
import { type Knex, openDb, openPool, type Pool } from '../src/data/database.ts';
import { openPipelinedPool, type PipelinedPool } from '../src/data/pipelined-pool.ts';
import { watchPools } from '../src/data/pool-metrics.ts';
import { createLog } from '../src/log.ts';
import { createMetrics, type Metrics } from '../src/metrics.ts';
import { eventually } from '../src/testing/eventually.ts';

const DATABASE_URL = process.env.TEST_DATABASE_URL ?? '';
const settings = { DATABASE_URL, DATABASE_POOL: 2 };
const log = createLog('kit', 'kit', 'silent');

describe('metrics of connection pools', () => {
  let metrics: Metrics;
  let db: Knex;
  let reads: PipelinedPool;
  let sending: Pool;
  beforeEach(() => {
    metrics = createMetrics('kit', 'test');
    db = openDb(settings, 'public', 'kit-test');
    reads = openPipelinedPool(settings, 'public', 'kit-test', log, { connections: 2, options: '' });
    sending = openPool(settings, 'public', 'kit-test', log, { max: 1, options: '' });
    watchPools(metrics, { db, reads, sending });
  });
  afterEach(() => Promise.all([db.destroy(), reads.end(), sending.end()]));

  const shown = async (series: string): Promise<number | undefined> => {
    const line = (await metrics.metrics()).split('\n').find((text) => text.startsWith(series));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
  const errors = (sqlstate: string): Promise<number | undefined> =>
    shown(`chatapi_statement_errors_total{sqlstate="${sqlstate}"`);
  const connections = (pool: string, state: string): Promise<number | undefined> =>
    shown(`chatapi_pool_connections{pool="${pool}",state="${state}"`);

  it('show connections by state, and callers that wait because all of them work', async () => {
    expect(await connections('sending', 'idle')).to.equal(0);
    const client = await sending.connect();
    const second = sending.connect();
    expect(await connections('sending', 'in_use')).to.equal(1);
    expect(await shown('chatapi_pool_waiting{pool="sending"')).to.equal(1);
    client.release();
    (await second).release();
    expect(await connections('sending', 'idle')).to.equal(1);
    expect(await shown('chatapi_pool_waiting{pool="sending"')).to.equal(0);

    const held = await Promise.all([db.transaction(), db.transaction()]);
    const late = db.raw('select 1');
    late.catch(() => undefined);
    await eventually(async () => expect(await shown('chatapi_pool_waiting{pool="db"')).to.equal(1));
    expect(await connections('db', 'in_use')).to.equal(2);
    await Promise.all(held.map((trx) => trx.rollback()));
    await late;

    const pending = reads.query({ name: 'sleep', text: 'select pg_sleep($1)', values: [0.5] });
    await eventually(async () => expect(await connections('reads', 'in_use')).to.equal(1));
    await pending;
    expect(await connections('reads', 'idle')).to.equal(1);
  });

  it('count errors of all kinds of pools by SQLSTATE, from 0', async () => {
    expect(await errors('57014')).to.equal(0);
    const late = 'set local statement_timeout = 20; select pg_sleep(2)';
    await db.raw(`begin; ${late}; commit`).catch(() => undefined);
    await sending.query('select 1 / 0').catch(() => undefined);
    await reads.query({ name: 'divide', text: 'select 1 / $1::int n', values: [0] }).catch(() => undefined);
    expect(await errors('57014')).to.equal(1);
    expect(await errors('22012')).to.equal(2);
  });

  it('count a login that PostgreSQL refuses', async () => {
    const url = new URL(DATABASE_URL);
    url.pathname = '/no-such-database';
    const refused = openDb({ ...settings, DATABASE_URL: url.href }, 'public', 'kit-test');
    watchPools(metrics, { db: refused });
    await refused.raw('select 1').catch(() => undefined);
    await refused.destroy();
    expect(await errors('3D000')).to.be.at.least(1);
  });

  it('go on with the pools of a second attempt to open a service', async () => {
    const again = openDb(settings, 'public', 'kit-test');
    watchPools(metrics, { db: again });
    const trx = await again.transaction();
    expect(await connections('db', 'in_use')).to.equal(1);
    expect(await connections('sending', 'in_use')).to.equal(undefined);
    await trx.rollback();
    await again.destroy();
  });
});
