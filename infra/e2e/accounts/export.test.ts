import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { dispose, gatewaysOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { unzip } from '../support/unzip.ts';
import '../support/shared-cluster.ts';

async function ready(of: Account, url?: string, ms = 20_000): Promise<Json> {
  return eventually(async () => {
    const { body } = await rest(of, url).get('/users/me/export').expect(200);
    expect(body.status).to.equal('ready');
    return body;
  }, ms);
}

const fetchZip = async (link: string, url?: string): Promise<Map<string, Buffer>> => {
  const answer = await rest(undefined, url)
    .get(link)
    .buffer()
    .parse((res, done) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => done(null, Buffer.concat(chunks)));
    })
    .expect(200);
  expect(answer.headers).to.include({ 'content-type': 'application/zip', 'x-content-type-options': 'nosniff' });
  expect(answer.headers['content-disposition']).to.match(/^attachment/);
  return unzip(answer.body);
};

describe('the export of an account', function () {
  this.timeout(90_000);
  let ann: Account;
  let bob: Account;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
  });

  it('is an archive of everything that the user wrote and uploaded, behind a signed link', async () => {
    const room = unique('exported');
    await rest(ann)
      .put('/users/me', { bio: 'my bio', custom: { mine: true } })
      .expect(200);
    const text = Buffer.from('the words of a file\n');
    const file = (await rest(ann).post('/files/upload').attach('file', text, 'words.txt').expect(201)).body;
    const numbers = Array.from({ length: 450 }, (_, i) => say(ann, { chat_id: room, content: `number ${i}` }));
    const sent: Json[] = await Promise.all(numbers);
    sent.push(await say(ann, { recipient_id: bob.id, content: 'to you', attachments: [file.id] }));
    const gone = await say(ann, { chat_id: room, content: 'taken back' });
    await rest(ann).delete(`/messages/${gone.id}`).expect(204);
    const theirs = await say(bob, { chat_id: room, content: 'not hers' });
    await rest(ann).put(`/messages/${theirs.id}/reactions/👍`).expect(204);
    const report = { target_type: 'user', target_id: bob.id, reason: 'my reason' };
    await rest(ann).post('/reports', report).expect(201);
    const ordered = await rest(ann).post('/users/me/export').expect(202);
    expect(ordered.body).to.include({ status: 'pending', url: null });
    const done = await ready(ann);
    const zip = await fetchZip(done.url);
    const json = (name: string): Json => JSON.parse(String(zip.get(name)));
    expect(json('profile.json')).to.deep.include({
      user_id: ann.id,
      username: ann.username,
      email: ann.email,
      external_id: null,
      kind: 'user',
      bio: 'my bio',
      custom: { mine: true },
    });
    expect(json('sessions.json')).to.have.length(1);
    expect(json('messages.json').map((m: Json) => m.id)).to.have.members(sent.map(({ id }) => id));
    expect(json('rooms.json').map((r: Json) => r.chat_id)).to.include.members([room, 'general']);
    expect(json('reactions.json')).to.deep.equal([{ chat_id: room, message_id: theirs.id, emojis: ['👍'] }]);
    expect(json('reports.json').map((r: Json) => r.reason)).to.deep.equal(['my reason']);
    expect(json('files.json').map((f: Json) => f.id)).to.deep.equal([file.id]);
    expect(zip.get(`files/${file.id}-words.txt`)).to.deep.equal(text);
    expect(String([...zip.values()].join('')))
      .to.not.include('not hers')
      .and.not.include('password_hash');
  });

  it('is private: without the user’s own valid link nothing is returned', async () => {
    await rest(bob).post('/users/me/export').expect(202);
    const [mine, other] = [await ready(ann), await ready(bob)];
    const token = mine.url.split('token=')[1];
    for (const path of [
      `/files/exports/${other.id}?token=${token}`,
      `/files/exports/${other.id}`,
      `/files/${mine.id}/content?token=${token}`,
      `${mine.url}x`,
    ])
      expect((await rest().get(path)).status, path).to.be.oneOf([400, 401, 404]);
    const nobody = await register('nobody');
    expectError(await rest(nobody).get('/users/me/export'), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest().post('/users/me/export'), 401, 'AUTHENTICATION_ERROR');
  });

  it('exists once per user, and a new one replaces the old', async () => {
    const old = await ready(ann);
    const orders = await Promise.all(Array.from({ length: 8 }, () => rest(ann).post('/users/me/export').expect(202)));
    expect(orders.map(({ body }) => body.status)).to.include('pending');
    const fresh = await ready(ann);
    expect(fresh.id).to.not.equal(old.id);
    expectError(await rest().get(old.url), 404, 'RESOURCE_NOT_FOUND');
    await fetchZip(fresh.url);
  });

  it('can be requested by an admin, which is audited', async () => {
    const admin = await loginAdmin();
    const eve = await register('eve');
    expectError(await rest(bob).post(`/admin/users/${eve.id}/export`), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(admin).post('/admin/users/usr_nobody/export'), 404, 'RESOURCE_NOT_FOUND');
    await rest(admin).post(`/admin/users/${eve.id}/export`).expect(202);
    const { body } = await eventually(async () => {
      const answer = await rest(admin).get(`/admin/users/${eve.id}/export`).expect(200);
      expect(answer.body.status).to.equal('ready');
      return answer;
    }, 15_000);
    expect(JSON.parse(String((await fetchZip(body.url)).get('profile.json')))).to.include({ username: eve.username });
    const { entries } = (await rest(admin).get(`/admin/audit-log?target_id=${eve.id}`).expect(200)).body;
    expect(entries.map((e: Json) => e.action)).to.include.members(['user.export', 'user.export.read']);
  });
});

describe('the link of an export', () => {
  it('ends with a ban or the rights of the one it was made for, the user or an admin', async function () {
    this.timeout(60_000);
    const [chief, second, eve] = [await loginAdmin(), await register('second'), await register('eve')];
    await rest(chief).put(`/admin/users/${second.id}/role`, { role: 'admin' }).expect(200);
    await rest(eve).post('/users/me/export').expect(202);
    const hers = (await ready(eve)).url;
    await fetchZip(hers);
    await rest(chief).post(`/admin/users/${eve.id}/ban`).expect(200);
    expectError(await rest().get(hers), 403, 'AUTHORIZATION_ERROR');
    const theirs = (await rest(second).get(`/admin/users/${eve.id}/export`).expect(200)).body.url;
    await fetchZip(theirs);
    await rest(chief).put(`/admin/users/${second.id}/role`, { role: 'user' }).expect(200);
    expectError(await rest().get(theirs), 404, 'RESOURCE_NOT_FOUND');
    await rest(chief).post(`/admin/users/${eve.id}/unban`).expect(200);
    await fetchZip(hers);
  });
});

describe('a service killed during an erasure or an export', function () {
  this.timeout(180_000);
  const FILES = 8;
  /** More than one page of the export. */
  const MESSAGES = 220;
  let own: TestCluster;
  let url: string;
  before(async () => {
    own = await ownCluster({ REALTIME_NODES: '1', ALLOWED_FILE_TYPES: '.txt' });
    url = gatewaysOf(own)[0] as string;
  });
  after(() => dispose(own));

  /** The process killed by the previous test may still be restarting. */
  const arrives = (name: string): Promise<Account> => eventually(() => register(name, url), 30_000);
  const fill = async (who: Account, room: string): Promise<Json[]> => {
    for (let i = 0; i < FILES; i++)
      await rest(who, url).post('/files/upload').attach('file', Buffer.alloc(200_000, 'ab '), `f${i}.txt`).expect(201);
    return Promise.all(
      Array.from({ length: MESSAGES }, (_, i) => say(who, { chat_id: room, content: `kept ${i}` }, url)),
    );
  };

  // Each service has its own part of the export.
  const EXPORTERS = 3;
  for (const victim of ['file', 'message', 'auth'])
    it(`does not damage the export: ${victim}`, async () => {
      const who = await arrives('exporter');
      const sent = await fill(who, unique('killed'));
      await rest(who, url).post('/users/me/export').expect(202);
      own.kill(victim, 'SIGKILL');
      const done = await eventually(async () => ready(who, url, 0), 60_000);
      // The killed service may still be restarting.
      const zip = await eventually(() => fetchZip(done.url, url), 30_000);
      const messages = JSON.parse(String(zip.get('messages.json')));
      expect(messages.map((m: Json) => m.id)).to.have.members(sent.map(({ id }) => id));
      expect([...zip.keys()].filter((name) => name.startsWith('files/'))).to.have.length(FILES);
    });

  for (const victim of ['message', 'file', 'user', 'admin', 'auth'])
    it(`does not stop the erasure: ${victim}`, async () => {
      const [who, witness] = [await arrives('leaver'), await arrives('witness')];
      const room = unique('left');
      const sent = await fill(who, room);
      expect(sent).to.have.length(MESSAGES);
      const { body: list } = await rest(who, url).get('/files').expect(200);
      await say(who, { chat_id: room, content: '', attachments: [list.files[0].id] }, url);
      const file = list.files[0];
      await rest(who, url).delete('/users/me', { password: who.password }).expect(204);
      own.kill(victim, 'SIGKILL');
      await eventually(async () => {
        const { body } = await rest(witness, url).get(`/messages/?chat_id=${room}&limit=100`).expect(200);
        expect(body.messages.filter((m: Json) => !m.is_deleted)).to.deep.equal([]);
        expect((await rest(witness, url).get(`/files/${file.id}`)).status).to.equal(404);
        const { body: stats } = await rest(await loginAdmin(url), url)
          .get('/admin/dashboard/stats')
          .expect(200);
        expect([stats.files.total, stats.messages.total]).to.deep.equal([EXPORTERS * FILES, EXPORTERS * MESSAGES]);
      }, 60_000);
    });
});
