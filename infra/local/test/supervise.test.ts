import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { backoffMs, supervise } from '../src/supervise.ts';

const until = async (check: () => boolean): Promise<void> => {
  for (let i = 0; !check(); i++) {
    if (i > 400) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

describe('a supervised process', () => {
  const dir = mkdtempSync(join(tmpdir(), 'chatapi-supervise-'));
  const node = (script: string) => ({ file: process.execPath, args: ['-e', script], env: process.env });
  after(() => rmSync(dir, { recursive: true, force: true }));

  it('is started again at once, then ever more slowly', () => {
    expect([1, 2, 3, 4, 10, 1000].map(backoffMs)).to.deep.equal([100, 200, 400, 800, 5000, 5000]);
  });

  it('comes back after kill -9 with a new pid, and its last lines are told', async () => {
    const log = join(dir, 'a.log');
    const told: string[] = [];
    const p = supervise('a', node('console.log("alive"); setInterval(() => {}, 1e6)'), log, {
      started: () => undefined,
      died: (name, how, last) => told.push(`${name} ${how} ${last}`),
    });
    await until(() => readFileSync(log, 'utf8').includes('alive'));
    const first = p.pid() as number;
    process.kill(first, 'SIGKILL');
    await until(() => p.pid() !== undefined && p.pid() !== first);
    expect(told).to.deep.equal(['a SIGKILL alive']);
    await p.stop(1000);
    expect(p.pid()).to.equal(undefined);
  });

  it('is killed when it does not end in time, even when frozen', async () => {
    const log = join(dir, 'b.log');
    const p = supervise(
      'b',
      node('process.on("SIGTERM", () => {}); console.log("alive"); setInterval(() => {}, 1e6)'),
      log,
      {
        started: () => undefined,
        died: () => undefined,
      },
    );
    await until(() => readFileSync(log, 'utf8').includes('alive'));
    process.kill(p.pid() as number, 'SIGSTOP');
    const started = Date.now();
    await p.stop(200);
    expect(Date.now() - started).to.be.within(150, 2000);
  });
});
