// `npm run bench -- migrations`: latency of sends while the messages table is migrated: a column, a
// backfill in steps, an index and a constraint.
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '@chatapi/kit';
import { createIndex, inSteps, type Migration, migrate } from '@chatapi/kit/data';
import { HISTORY_ROOM } from './fixture.ts';
import { addMessages, openOwner } from './fixture-store.ts';
import { PEOPLE } from './growth-axes.ts';
import { percentile, short } from './stats.ts';
import { type Product, post, startProduct } from './systems/product.ts';

const SENDERS = 8;
const QUIET_MS = 5000;
const ROWS_AT_ONCE = 2000;
const TABLE = 'messages';

/** The rows after `from` in the order of the primary key. */
const NEXT = `
  with piece as (
    select room_id, seq from ${TABLE} where (room_id, seq) > (?, ?) order by room_id, seq limit ${ROWS_AT_ONCE}
  ), changed as (
    update ${TABLE} m set bench_words = array_length(string_to_array(content, ' '), 1)
    from piece where m.room_id = piece.room_id and m.seq = piece.seq
  )
  select room_id, seq from piece order by room_id desc, seq desc limit 1`;

const MIGRATIONS: Migration[] = [
  {
    name: '901-a-column',
    up: async (trx) => void (await trx.raw(`alter table ${TABLE} add column bench_words integer`)),
  },
  {
    name: '902-a-backfill',
    online: (db) =>
      inSteps<[string, number]>(db, '902-a-backfill', async (trx, from = ['', 0]) => {
        const { rows } = await trx.raw<{ rows: { room_id: string; seq: number }[] }>(NEXT, from);
        return rows[0] && [rows[0].room_id, rows[0].seq];
      }),
  },
  {
    name: '903-an-index',
    online: (db) => createIndex(db, 'bench_messages_words', `on ${TABLE} (room_id, bench_words)`),
  },
  {
    name: '904-a-constraint',
    online: async (db) => {
      await db.raw(
        `alter table ${TABLE} add constraint bench_words_sane check (bench_words is null or bench_words > 0) not valid`,
      );
      await db.raw(`alter table ${TABLE} validate constraint bench_words_sane`);
    },
  },
];

interface Sending {
  /** Latencies in ms of the sends since the last call. */
  take(): number[];
  stop(): Promise<void>;
}

function startSending({ place }: Product): Sending {
  const { gateway, people } = place();
  let waits: number[] = [];
  let stopped = false;
  const loop = async (sender: number): Promise<void> => {
    const { token } = people[sender % 2] as { token: string };
    for (let n = 0; !stopped; n++) {
      const began = performance.now();
      await post(`${gateway}/messages/`, { chat_id: HISTORY_ROOM, content: `send ${n} of ${sender}` }, token);
      waits.push(performance.now() - began);
    }
  };
  const loops = Promise.all(Array.from({ length: SENDERS }, (_, i) => loop(i)));
  return {
    take() {
      const taken = waits;
      waits = [];
      return taken;
    },
    async stop() {
      stopped = true;
      await loops;
    },
  };
}

const line = (what: string, seconds: number, waits: number[]): string =>
  `| ${what} | ${short(seconds)} | ${waits.length} | ${short(percentile(waits, 0.5))} | ${short(percentile(waits, 0.99))} | ${short(Math.max(...waits))} |`;

async function measureEach(product: Product): Promise<string[]> {
  const settings = { DATABASE_URL: product.cluster.postgresUrl, DATABASE_POOL: 2 };
  const log = createLog('bench', 'migrations', 'warn');
  const sending = startSending(product);
  await sleep(QUIET_MS);
  sending.take();
  await sleep(QUIET_MS);
  const lines = [line('nothing', QUIET_MS / 1000, sending.take())];
  for (const [i, { name }] of MIGRATIONS.entries()) {
    const began = performance.now();
    await migrate(settings, { name: 'messages', migrations: MIGRATIONS.slice(0, i + 1) }, log);
    lines.push(line(name, (performance.now() - began) / 1000, sending.take()));
  }
  await sending.stop();
  return lines;
}

export async function migrations(messages: number, say: (text: string) => void): Promise<string> {
  const product = await startProduct({ people: PEOPLE, nodes: 1 });
  try {
    const owner = await openOwner(product.cluster.postgresUrl);
    say(`writing ${messages.toLocaleString('en-US')} messages`);
    await addMessages(owner, HISTORY_ROOM, product.place().people[0]?.id as string, messages);
    await owner.end();
    const lines = await measureEach(product);
    return [
      '| migration | s | sends | p50 ms | p99 ms | longest ms |',
      '| --- | --- | --- | --- | --- | --- |',
      ...lines,
    ].join('\n');
  } finally {
    await product.stop();
  }
}
