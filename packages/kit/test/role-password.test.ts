import { expect } from 'chai';
import pg from 'pg';
import { openDb, openPool } from '../src/data/database.ts';
import { openPipelinedPool } from '../src/data/pipelined-pool.ts';
import { toAppError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';
import { thrownBy } from './thrown.ts';

const log = createLog('kit', 'kit', 'silent');
const ROLE = `kit_rotation_${process.pid}`;
const [OLD, NEW] = ['old-päss/word?', 'new-päss@word:1'];

describe('the password of a database role', () => {
  const root = new pg.Client(process.env.TEST_DATABASE_URL);
  const settingsOf = (password: string, DATABASE_PASSWORD_PREVIOUS?: string) => {
    const url = new URL(process.env.TEST_DATABASE_URL ?? '');
    url.username = ROLE;
    url.password = encodeURIComponent(password);
    return { DATABASE_URL: url.href, DATABASE_POOL: 2, DATABASE_PASSWORD_PREVIOUS };
  };
  const setPassword = (password: string) => root.query(`alter role ${ROLE} password ${pg.escapeLiteral(password)}`);

  /** A new connection of each kind. */
  async function connectsWith(settings: ReturnType<typeof settingsOf>): Promise<void> {
    const db = openDb(settings, 'public', 'kit-test');
    const pool = openPool(settings, 'public', 'kit-test', log, { max: 1, options: '' });
    const pipe = openPipelinedPool(settings, 'public', 'kit-test', log, { connections: 1, options: '' });
    try {
      await db.raw('select 1');
      await pool.query('select 1');
      await pipe.query({ name: 'one', text: 'select 1', values: [] });
    } finally {
      await Promise.all([db.destroy(), pool.end(), pipe.end()]);
    }
  }

  before(async () => {
    await root.connect();
    await root.query(`create role ${ROLE} login password ${pg.escapeLiteral(OLD)}`);
    await root.query(
      `grant connect on database ${new URL(process.env.TEST_DATABASE_URL ?? '').pathname.slice(1)} to ${ROLE}`,
    );
  });
  after(async () => {
    await root.query(`drop owned by ${ROLE}`);
    await root.query(`drop role ${ROLE}`);
    await root.end();
  });

  it('may be changed before or after the services know the new one', async () => {
    await connectsWith(settingsOf(OLD));
    await connectsWith(settingsOf(NEW, OLD));
    await setPassword(NEW);
    await connectsWith(settingsOf(NEW, OLD));
    await connectsWith(settingsOf(OLD, NEW));
    await connectsWith(settingsOf(NEW));
  });

  it('that is wrong is an outage for clients, not an error of theirs', async () => {
    await setPassword(NEW);
    const error = await thrownBy(connectsWith(settingsOf('wrong')));
    expect(toAppError(error).code).to.equal('SERVICE_UNAVAILABLE');
  });
});
