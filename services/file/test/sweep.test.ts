import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import request from 'supertest';
import { removeLost, removeOrphans } from '../src/sweep.ts';
import { as, type Running, start } from './harness.ts';

async function* bytes(): AsyncGenerator<Buffer> {
  yield Buffer.from('x');
}

describe('the sweep', () => {
  let s: Running;
  before(async () => {
    s = await start();
  });
  after(() => s?.stop());
  const put = async (): Promise<string> =>
    (await request(s.app).post('/files/upload').set(as('usr_a')).attach('file', Buffer.from('x'), 'a.txt').expect(201))
      .body.id;

  it('removes old bytes without a record, and keeps young ones and those of files', async () => {
    const owned = await put();
    await s.ctx.storage.put('file_orphan00', 'text/plain', bytes());
    await s.ctx.storage.put('file_orphan00.webp', 'image/webp', bytes());
    expect(await removeOrphans(s.ctx, 60_000)).to.equal(0);
    expect(await removeOrphans(s.ctx, -1)).to.equal(2);
    expect(await s.stored()).to.deep.equal([owned]);
  });

  it('removes bytes of a deleted record when the process died in between', async () => {
    const id = await put();
    await request(s.app).delete(`/files/${id}`).set(as('usr_a')).expect(204);
    await s.ctx.storage.put(id, 'text/plain', bytes());
    expect(await removeOrphans(s.ctx, -1)).to.equal(1);
  });

  it('removes unfinished uploads when anonymous writes to them', async () => {
    const died = Promise.withResolvers<void>();
    const idle = s.ctx.storage.put(
      'file_broken',
      'text/plain',
      (async function* () {
        yield Buffer.from('half');
        await died.promise;
        throw new Error('died');
      })(),
    );
    void idle.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const piece = (await s.stored()).find((name) => name.startsWith('file_broken.')) as string;
    expect(await s.ctx.storage.removeUnfinished(60_000)).to.equal(0);
    await utimes(join(s.folder, 'tmp', piece), new Date(0), new Date(0));
    expect(await s.ctx.storage.removeUnfinished(60_000)).to.equal(1);
    died.resolve();
    await idle.catch(() => undefined);
  });

  it('removes records whose bytes stay missing, and clears the mark when they come back', async () => {
    const [lost, back] = [await put(), await put()];
    await s.ctx.storage.remove(lost);
    await s.ctx.storage.remove(back);
    expect(await removeLost(s.ctx, 10)).to.deep.equal({ lost: 2, removed: 0 });
    await s.ctx.storage.put(back, 'text/plain', bytes());
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await removeLost(s.ctx, 10)).to.deep.equal({ lost: 1, removed: 1 });
    await request(s.app).get(`/files/${lost}`).set(as('usr_a')).expect(404);
    await request(s.app).get(`/files/${back}`).set(as('usr_a')).expect(200);
    expect(await s.ctx.db('files').whereNotNull('missing_since').whereNull('deleted_at')).to.deep.equal([]);
  });
});
