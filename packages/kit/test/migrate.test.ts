import { type AddressInfo, createServer, connect as dial, type Server } from 'node:net';
import { expect } from 'chai';
import pg from 'pg';
import { type Knex, openDb } from '../src/data/database.ts';
import {
  createIndex,
  IncompatibleSchema,
  inSteps,
  type Migration,
  migrate,
  requireSchema,
} from '../src/data/migrate.ts';
import { createLog } from '../src/log.ts';

const DATABASE_URL = process.env.TEST_DATABASE_URL ?? '';
const settings = { DATABASE_URL, DATABASE_POOL: 4 };
const log = createLog('kit', 'kit', 'silent');
const ROWS = 2500;
const STEP = 500;

const create: Migration = {
  name: '001-things',
  up: async (trx) => {
    await trx.raw('create table things (n bigint primary key, half bigint)');
    await trx.raw(`insert into things select n from generate_series(1, ${ROWS}) n`);
  },
};
const halve: Migration = {
  name: '002-half',
  online: async (db) => {
    await inSteps<number>(db, '002-half', async (trx, after = 0) => {
      const { rows } = await trx.raw<{ rows: { n: number }[] }>(
        'update things set half = coalesce(half, 0) + n / 2 where n > ? and n <= ? returning n',
        [after, after + STEP],
      );
      return rows.length === 0 ? undefined : after + STEP;
    });
    await createIndex(db, 'things_half', 'on things (half)');
  },
};
const contract: Migration = {
  name: '003-without-n',
  contracts: '002-half',
  up: async (trx) => void (await trx.raw('alter table things alter column half set not null')),
};
const all = [create, halve, contract];

let made = 0;
async function inSchema(work: (db: Knex, name: string) => Promise<void>): Promise<void> {
  const name = `migrate_${process.pid}_${++made}`;
  const db = openDb(settings, name, 'kit-test');
  try {
    await db.raw(`create schema ${name}`);
    await work(db, name);
  } finally {
    await db.raw(`drop schema ${name} cascade`);
    await db.destroy();
  }
}

/** A proxy to PostgreSQL that cuts the connection after `limit` statements. */
async function cutting(limit: number): Promise<{ url: string; statements: () => number; close(): Promise<void> }> {
  const target = new URL(DATABASE_URL);
  const QUERY = 'Q'.charCodeAt(0);
  const PARSE = 'P'.charCodeAt(0);
  let statements = 0;
  const server: Server = createServer((client) => {
    const upstream = dial(Number(target.port), target.hostname);
    const end = (): void => void [client, upstream].forEach((socket) => socket.destroy());
    let begun = false;
    client.on('data', (chunk) => {
      // The first message has no type byte, the second is the password; each later chunk starts
      // with a message.
      if (begun && (chunk[0] === QUERY || chunk[0] === PARSE)) statements++;
      if (chunk[0] === 'p'.charCodeAt(0)) begun = true;
      upstream.write(chunk);
      if (statements >= limit) end();
    });
    upstream.on('data', (chunk) => client.write(chunk));
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(DATABASE_URL);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    statements: () => statements,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function stateOf(db: Knex): Promise<unknown> {
  const { rows: indexes } = await db.raw(
    `select indexdef, indisvalid from pg_indexes join pg_class on relname = indexname
       join pg_index on indexrelid = pg_class.oid and relnamespace = to_regnamespace(current_schema())
     where schemaname = current_schema() and tablename = 'things' order by 1`,
  );
  const { rows: data } = await db.raw(
    'select count(*) rows, count(*) filter (where half is distinct from n / 2) wrong from things',
  );
  return { indexes: JSON.parse(JSON.stringify(indexes).replace(/migrate_\d+_\d+/g, 'schema')), data };
}

describe('migrations', () => {
  it('run once each when several processes start at the same time', () =>
    inSchema(async (db, name) => {
      await Promise.all([1, 2, 3].map(() => migrate(settings, { name, migrations: all }, log)));
      expect(await db('migrations').pluck('name').orderBy('id')).to.deep.equal(all.map((m) => m.name));
      expect(await stateOf(db)).to.have.deep.property('data', [{ rows: ROWS, wrong: 0 }]);
    })).timeout(20_000);

  it('do not wait for another role that holds their lock', () =>
    inSchema(async (db, name) => {
      const other = new URL(DATABASE_URL);
      other.username = 'chatapi_user';
      other.password = JSON.parse(process.env.TEST_ROLE_PASSWORDS ?? '{}').chatapi_user;
      const holder = new pg.Client(other.href);
      await holder.connect();
      try {
        await holder.query('select pg_advisory_lock(hashtext($1), n) from generate_series(0, 2) n', [
          `migrate ${name}`,
        ]);
        await Promise.all([0, 1, 2].map(() => migrate(settings, { name, migrations: all }, log)));
        const { rows } = await holder.query(
          `select count(*)::int n from pg_locks where locktype = 'advisory' and granted and pid = pg_backend_pid()`,
        );
        expect(rows, 'it was held all the time').to.deep.equal([{ n: 3 }]);
        expect(await db('migrations').pluck('name')).to.have.length(all.length);
      } finally {
        await holder.end();
      }
    }));

  it('reach the same schema and data when killed at any statement', async () => {
    let expected: unknown;
    let statements = 0;
    await inSchema(async (db, name) => {
      const way = await cutting(Number.POSITIVE_INFINITY);
      await migrate({ ...settings, DATABASE_URL: way.url }, { name, migrations: all }, log);
      statements = way.statements();
      await way.close();
      expected = await stateOf(db);
    });
    expect(statements).to.be.above(25);
    for (let at = 1; at <= statements; at++)
      await inSchema(async (db, name) => {
        const way = await cutting(at);
        await migrate({ ...settings, DATABASE_URL: way.url }, { name, migrations: all }, log).catch(() => undefined);
        await way.close();
        await migrate(settings, { name, migrations: all }, log);
        expect(await stateOf(db), `cut at statement ${at}`).to.deep.equal(expected);
      });
  }).timeout(120_000);

  it('have no statement timeout', () =>
    inSchema(async (db, name) => {
      const slow: Migration = { name: '001-slow', up: async (trx) => void (await trx.raw('select pg_sleep(3.2)')) };
      await migrate(settings, { name, migrations: [slow] }, log);
      expect(await db('migrations').pluck('name')).to.deep.equal(['001-slow']);
    })).timeout(20_000);

  it('let writers pass while another session locks the table, and finish once it is released', () =>
    inSchema(async (db, name) => {
      await migrate(settings, { name, migrations: [create] }, log);
      const alter: Migration = {
        name: '002-alter',
        up: async (trx) => void (await trx.raw('alter table things add column more int')),
      };
      const reader = await db.transaction();
      await reader.raw('select count(*) from things');
      const migrating = migrate(settings, { name, migrations: [create, alter] }, log);
      await new Promise((resolve) => setTimeout(resolve, 700));
      await db.raw('insert into things (n) values (-1)');
      expect(await db('migrations').pluck('name')).to.deep.equal(['001-things']);
      await reader.commit();
      await migrating;
      expect(await db('migrations').pluck('name')).to.include('002-alter');
    })).timeout(20_000);

  it('of a newer version are ignored by an older one, which runs on that schema', () =>
    inSchema(async (db, name) => {
      await migrate(settings, { name, migrations: [create, halve] }, log);
      await requireSchema(db, { name, migrations: [create] });
      await migrate(settings, { name, migrations: [create] }, log);
      expect(await db('migrations').pluck('name')).to.have.members(['001-things', '002-half']);
    })).timeout(20_000);

  it('that remove what older code uses make that code refuse to start, with the reason', () =>
    inSchema(async (db, name) => {
      await migrate(settings, { name, migrations: all }, log);
      await requireSchema(db, { name, migrations: [create, halve] });
      const old = { name, migrations: [create] };
      for (const refused of [requireSchema(db, old), migrate(settings, old, log)]) {
        const error = await refused.then(
          () => undefined,
          (thrown: Error) => thrown,
        );
        expect(error).to.be.instanceOf(IncompatibleSchema);
        expect(error?.message).to.include('002-half');
      }
    })).timeout(20_000);

  it('that are missing are named in the error of a service that starts without them', () =>
    inSchema(async (db, name) => {
      const failure = (): Promise<string> =>
        requireSchema(db, { name, migrations: all }).then(
          () => '',
          (error: Error) => error.message,
        );
      expect(await failure()).to.match(/run the migrations/);
      await migrate(settings, { name, migrations: [create] }, log);
      expect(await failure()).to.include('002-half');
    })).timeout(20_000);
});
