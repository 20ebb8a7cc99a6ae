import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Client } from 'pg';
import { type Account, type Json, loginAdmin, register, rest } from '../support/client.ts';
import { dispose, gatewaysOf, nodesOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { freeze } from '../support/freeze.ts';
import { closeAll, connect } from '../support/socket.ts';

const MiB = 1024 * 1024;
const LIMIT = 10 * MiB;

describe('file and admin, killed under load', function () {
  this.timeout(120_000);
  let own: TestCluster;
  let url: string;
  let ann: Account;
  let admin: Account;

  before(async function () {
    this.timeout(90_000);
    own = await ownCluster({ FILE_ORPHAN_MINUTES: '0.02' });
    url = gatewaysOf(own)[0] as string;
    [ann, admin] = [await register('ann', url), await loginAdmin(url)];
  });
  after(() => dispose(own));

  async function ask(sql: string): Promise<Json[]> {
    const db = new Client(own.postgresUrl);
    await db.connect();
    const { rows } = await db.query(sql);
    await db.end();
    return rows;
  }

  const stored = (): string[] =>
    readdirSync(join(own.dataDir, 'uploads'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('/tmp'))
      .map(({ name }) => name);

  const rssOf = (name: string): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${own.pid(name)}/status`, 'utf8'))?.[1]) * 1024;

  /**
   * Uploads a file of this size in pieces, slowly enough to be interrupted.
   * @returns its id, or undefined.
   */
  const slowly = (size: number, pieces: number, pauseMs: number): Promise<string | undefined> =>
    new Promise((resolve) => {
      const req = request(new URL('/files/upload', url), {
        method: 'POST',
        headers: { Authorization: `Bearer ${ann.token}`, 'Content-Type': 'multipart/form-data; boundary=b' },
      });
      req.on('error', () => resolve(undefined));
      req.on('response', (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => resolve(undefined));
        res.on('end', () => resolve(res.statusCode === 201 ? JSON.parse(String(Buffer.concat(chunks))).id : undefined));
      });
      req.write('--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n');
      let left = pieces;
      const more = (): void => {
        if (req.destroyed) return;
        if (left-- === 0) return void req.end('\r\n--b--\r\n');
        req.write(Buffer.alloc(size / pieces, 'a'), () => setTimeout(more, pauseMs));
      };
      more();
    });

  /** Uses a new process: memory kept from an earlier round would hide the growth. */
  async function tenUploads(): Promise<number> {
    await own.restart('file', 1000);
    await eventually(() => rest(ann, url).get('/files').expect(200), 20_000);
    await rest(ann, url).post('/files/upload').attach('file', Buffer.alloc(LIMIT, 'w'), 'warm.txt').expect(201);
    const before = rssOf('file');
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, rssOf('file'))), 20);
    const ids = await Promise.all(Array.from({ length: 10 }, () => slowly(LIMIT, 40, 10)));
    clearInterval(watch);
    expect(ids.every((id) => id !== undefined)).to.equal(true);
    console.log(`      file: ${Math.round(before / MiB)} MiB, at most ${Math.round((most - before) / MiB)} MiB more`);
    return most - before;
  }

  it('while file hangs no text message waits; a message with a file keeps its place before later ones of its sender', async () => {
    const bob = await register('bob', url);
    const node = nodesOf(own)[0] as string;
    const [of_ann, of_bob] = [await connect(ann, node), await connect(bob, node)];
    const file = await rest(ann, url).post('/files/upload').attach('file', Buffer.from('a'), 'a.txt').expect(201);
    const say = (live: typeof of_ann, content: string, attachments?: string[]): void =>
      live.send({ chat_id: 'general', client_id: content, message: content, attachments });
    const thaw = freeze(own, 'file');
    try {
      say(of_ann, 'look', [file.body.id]);
      say(of_ann, 'nice?');
      for (const content of ['one', 'two', 'three']) {
        say(of_bob, content);
        await of_bob.next('ack', (ack) => ack.client_id === content, 1000);
      }
      await of_ann.never('ack', 300);
    } finally {
      thaw();
    }
    await of_ann.next('ack', (ack) => ack.client_id === 'nice?', 15_000);
    const { body } = await rest(ann, url).get('/messages/?chat_id=general&limit=10').expect(200);
    const said = body.messages.sort((x: Json, y: Json) => x.seq - y.seq).map(({ content }: Json) => content);
    expect(said).to.deep.equal(['one', 'two', 'three', 'look', 'nice?']);
    closeAll();
  });

  it('ten concurrent uploads of the maximum size take less than 64 MiB of memory', async () => {
    const taken = [await tenUploads(), await tenUploads(), await tenUploads()].sort((x, y) => x - y);
    expect(taken[1]).to.be.lessThan(64 * MiB);
  });

  it('a killed file service leaves no partial files: every acknowledged upload is complete, and all bytes have a record', async () => {
    const answered: string[] = [];
    for (let round = 0; round < 3; round++) {
      const uploads = Array.from({ length: 6 }, (_, i) => slowly(400_000, 4 + i * 4, 30));
      await new Promise((resolve) => setTimeout(resolve, 350));
      own.kill('file', 'SIGKILL');
      answered.push(...(await Promise.all(uploads)).filter((id) => id !== undefined));
      await eventually(() => rest(ann, url).get('/files').expect(200), 20_000);
    }
    const sha256 = createHash('sha256').update(Buffer.alloc(400_000, 'a')).digest('hex');
    for (const id of answered)
      expect((await rest(ann, url).get(`/files/${id}`).expect(200)).body).to.include({ size: 400_000, sha256 });
    await eventually(async () => {
      const live = (await ask('select id from files.files where deleted_at is null')).map(({ id }) => id);
      expect(stored().sort()).to.deep.equal(live.sort());
      const [{ bytes, kept }] = (await ask(
        `select (select sum(bytes) from files.usage)::bigint bytes, (select sum(size) from files.files where deleted_at is null)::bigint kept`,
      )) as [Json];
      expect(bytes).to.equal(kept);
      const { body } = await rest(admin, url).get('/admin/dashboard/stats').expect(200);
      expect([body.files.total, body.files.bytes]).to.deep.equal([live.length, Number(kept)]);
    }, 90_000);
  });

  it('a killed admin service leaves no action without its record, and loses no count', async () => {
    const people: Account[] = [];
    for (let i = 0; i < 12; i++) people.push(await register('subject', url));
    const acts = people.map(({ id }) =>
      rest(admin, url)
        .post(`/admin/users/${id}/ban`, { reason: 'test' })
        .then(
          ({ status }) => status,
          () => 0,
        ),
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    own.kill('admin', 'SIGKILL');
    await Promise.all(acts);
    await eventually(() => rest(admin, url).get('/admin/users').expect(200), 20_000);
    await eventually(async () => {
      const banned = await ask(`select user_id from auth.accounts where status = 'banned'`);
      const recorded = new Set((await ask('select target_id from audit.intents')).map((row) => row.target_id));
      for (const { user_id } of banned) expect(recorded.has(user_id), user_id).to.equal(true);
      const open = await ask(
        'select id from audit.intents i where not exists (select from audit.outcomes o where o.audit_id = i.id)',
      );
      expect(open).to.deep.equal([]);
      const { body } = await rest(admin, url).get('/admin/dashboard/stats').expect(200);
      expect(body.users.banned).to.equal(banned.length);
      expect(body.users.total).to.equal((await ask('select 1 from auth.accounts')).length);
    }, 60_000);
  });
});
