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

  it('is restarted at once, then with increasing delays', () => {
    expect([1, 2, 3, 4, 10, 1000].map(backoffMs)).to.deep.equal([100, 200, 400, 800, 5000, 5000]);
  });

  it('is restarted after kill -9 with a new pid, and its last lines are reported', async () => {
    const log = join(dir, 'a.log');
    const deaths: string[] = [];
    const p = supervise('a', node('console.log("alive"); setInterval(() => {}, 1e6)'), log, {
      started: () => undefined,
      died: (name, how, last) => deaths.push(`${name} ${how} ${last}`),
    });
    await until(() => readFileSync(log, 'utf8').includes('alive'));
    const first = p.pid() as number;
    process.kill(first, 'SIGKILL');
    await until(() => p.pid() !== undefined && p.pid() !== first);
    expect(deaths).to.deep.equal(['a SIGKILL alive']);
    await p.stop(1000);
    expect(p.pid()).to.equal(undefined);
  });

  it('is restarted on request, with another command if given, without a report of its death', async () => {
    const log = join(dir, 'c.log');
    const deaths: string[] = [];
    const watcher = { started: () => undefined, died: (name: string) => deaths.push(name) };
    const p = supervise('c', node('console.log("first"); setInterval(() => {}, 1e6)'), log, watcher);
    await until(() => readFileSync(log, 'utf8').includes('first'));
    await p.restart(1000, node('console.log("second"); setInterval(() => {}, 1e6)'));
    await until(() => readFileSync(log, 'utf8').includes('second'));
    await p.restart(1000);
    await until(() => readFileSync(log, 'utf8').split('second').length === 3);
    expect(deaths).to.deep.equal([]);
    await p.stop(1000);
  });

  it('is killed when it does not stop in time, even when frozen', async () => {
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
