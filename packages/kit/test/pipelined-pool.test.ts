import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { openPipelinedPool, type PipelinedPool } from '../src/data/pipelined-pool.ts';
import { type AppError, toAppError } from '../src/errors.ts';
import { createLog } from '../src/log.ts';

const open = (DATABASE_URL: string, connections = 4): PipelinedPool =>
  openPipelinedPool({ DATABASE_URL, DATABASE_POOL: 4 }, 'public', 'kit-test', createLog('kit', 'kit', 'silent'), {
    connections,
    options: '-c jit=off',
  });

const PID = { name: 'pid', text: 'select $1::int n, pg_backend_pid() pid', values: [0] };
const SLEEP = { name: 'sleep', text: 'select 1 n, pg_backend_pid() pid, pg_sleep($1)', values: [0.4] };
const KILL = { name: 'kill', text: 'select pg_terminate_backend($1)', values: [0] };
const DIVIDE = { name: 'divide', text: 'select 1 / $1::int n', values: [0] };

describe('the pipelined pool', () => {
  const opened: PipelinedPool[] = [];
  const pipesTo = (url = process.env.TEST_DATABASE_URL ?? '', connections?: number): PipelinedPool => {
    const pipes = open(url, connections);
    opened.push(pipes);
    return pipes;
  };
  after(() => Promise.all(opened.map((pipes) => pipes.end())));

  const ask = async (pipes: PipelinedPool, n: number): Promise<{ n: number; pid: number }> =>
    (await pipes.query<{ n: number; pid: number }>({ ...PID, values: [n] })).rows[0] as { n: number; pid: number };
  const codeOf = (asked: Promise<unknown>): Promise<AppError['code'] | undefined> =>
    asked.then(
      () => undefined,
      (error) => toAppError(error).code,
    );

  it('carries many concurrent statements over few connections, each with its own result', async () => {
    const pipes = pipesTo();
    await ask(pipes, 0);
    const rows = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(pipes, i)));
    expect(rows.map(({ n }) => n)).to.deep.equal(rows.map((_, i) => i));
    // A second connection is used only if the first was silent for 10 ms, as on a busy machine.
    expect(new Set(rows.map(({ pid }) => pid)).size).to.be.at.most(2);
  });

  it('answers that the database is away when it accepts connections and says nothing', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const pipes = pipesTo(`postgres://nobody@127.0.0.1:${port}/none`, 1);
    expect(await codeOf(ask(pipes, 1))).to.equal('SERVICE_UNAVAILABLE');
    silent.close();
  });

  it('keeps a failed statement from affecting the others', async () => {
    const pipes = pipesTo();
    const asked = [ask(pipes, 1), codeOf(pipes.query(DIVIDE)), ask(pipes, 2)] as const;
    const [before, failed, behind] = await Promise.all(asked);
    expect([before.n, failed, behind.n]).to.deep.equal([1, 'INTERNAL_ERROR', 2]);
  });

  it('does not delay later statements behind a slow one', async () => {
    const pipes = pipesTo();
    const { pid } = await ask(pipes, 0);
    const slow = pipes.query({ ...SLEEP, values: [1.5] });
    let slowIsDone = false;
    void slow.then(() => {
      slowIsDone = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    const later = await Promise.all([1, 2, 3].map((n) => ask(pipes, n)));
    expect(slowIsDone).to.equal(false);
    expect(later.map((row) => row.pid)).not.to.include(pid);
    await slow;
    expect((await ask(pipes, 4)).pid).to.equal(pid);
  });

  it('replaces a lost connection; its pending statements fail with SERVICE_UNAVAILABLE', async () => {
    const pipes = pipesTo(undefined, 1);
    const { pid } = await ask(pipes, 0);
    const [slow, behind] = [codeOf(pipes.query(SLEEP)), codeOf(ask(pipes, 1))];
    const other = pipesTo();
    await other.query({ ...KILL, values: [pid] });
    expect(await Promise.all([slow, behind])).to.deep.equal(['SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE']);
    expect((await ask(pipes, 2)).pid).not.to.equal(pid);
  });

  it('ends a statement that takes too long, and fails when nothing listens', async () => {
    const [late, away] = await Promise.all([
      codeOf(pipesTo().query({ ...SLEEP, values: [10] })),
      codeOf(ask(pipesTo('postgresql://x@127.0.0.1:1/x'), 1)),
    ]);
    expect([late, away]).to.deep.equal(['SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE']);
  });

  it('finishes pending statements before it ends', async () => {
    const pipes = open(process.env.TEST_DATABASE_URL ?? '');
    await ask(pipes, 0);
    const asked = [ask(pipes, 1), pipes.query(SLEEP)];
    await pipes.end();
    expect((await Promise.all(asked)).length).to.equal(2);
  });
});
