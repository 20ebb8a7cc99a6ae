import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, login, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { ADMIN, nodes } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { PNG } from '../support/images.ts';
import { closeAll, connect } from '../support/socket.ts';
import { attachFile, everywhere, filesWith, registerMarked, rowsWith, withDatabase } from '../support/traces.ts';
import '../support/shared-cluster.ts';

const GONE_MS = 20_000;

interface Planted {
  who: Account;
  open: string;
  hidden: string;
  solo: string;
  message: Json;
  borrowed: Json;
  reacted: Json;
  sent: Json[];
}

/** An earlier release let others attach a file; such messages still exist. */
const attachAsBefore = (message: Json, from: Json): Promise<unknown> =>
  withDatabase(async (db) => {
    const { rows } = await db.query('select attachments from messages.messages where id = $1', [from.id]);
    const attachments = JSON.stringify(rows[0].attachments.slice(0, 1));
    await db.query('update messages.messages set attachments = $2 where id = $1', [message.id, attachments]);
    await db.query(
      `update messages.room_events set frame = replace(frame, '"attachments":[]', '"attachments":' || $3::text)
       where room_id = $1 and seq = $2`,
      [message.chat_id, message.seq, attachments],
    );
  });

/** Writes the mark into every field that a user can write. */
async function plant(mark: string, other: Account): Promise<Planted> {
  const who = await registerMarked(mark);
  await rest(who)
    .put('/users/me', { bio: `bio ${mark}`, avatar_url: `https://example.com/${mark}.png` })
    .expect(200);
  const [open, hidden, solo] = [unique('open'), unique('hidden'), unique('solo')];
  for (const [chat_id, visibility] of [
    [open, 'public'],
    [hidden, 'private'],
    [solo, 'private'],
  ] as const)
    await rest(who)
      .post('/rooms', {
        chat_id,
        visibility,
        name: `name ${mark}`,
        topic: `topic ${mark}`,
        member_ids: chat_id === solo ? [] : [other.id],
      })
      .expect(201);
  const file = await attachFile(who, Buffer.from(`text ${mark}`), `${mark}.txt`, `about ${mark}`);
  const image = await attachFile(who, PNG, `${mark}.png`, `image ${mark}`);
  await eventually(() => rest(who).get(`/files/${image.id}/thumbnail`).expect(200), 8000);
  const mine = { content: `said ${mark}`, attachments: [file.id, image.id], client_id: `id ${mark}` };
  const message = await say(who, { chat_id: hidden, ...mine });
  const sent = [
    message,
    await say(who, { chat_id: open, ...mine }),
    await say(who, { chat_id: 'general', content: mark }),
    await say(who, { chat_id: solo, content: mark }),
    await say(who, { recipient_id: other.id, content: mark }),
  ];
  await say(who, { recipient_id: who.id, content: `note ${mark}` });
  await rest(who)
    .put(`/messages/${message.id}`, { content: `edited ${mark}` })
    .expect(200);
  const withdrawn = await say(who, { chat_id: open, content: mark, client_id: `withdrawn ${mark}` });
  await rest(who).delete(`/messages/${withdrawn.id}`).expect(204);
  await rest(who)
    .put(`/rooms/${hidden}`, { name: `renamed ${mark}`, topic: `new topic ${mark}` })
    .expect(200);
  const reacted = await say(other, { chat_id: open, content: 'react to me' });
  for (const emoji of ['🦩', '🪼']) await rest(who).put(`/messages/${reacted.id}/reactions/${emoji}`).expect(204);
  await rest(who).delete(`/messages/${reacted.id}/reactions/🪼`).expect(204);
  const borrowed = await say(other, { chat_id: open, content: 'their file' });
  await attachAsBefore(borrowed, sent[1] as Json);
  const old = await attachFile(who, Buffer.from(`old ${mark}`), `old-${mark}.txt`, mark);
  await rest(who).delete(`/files/${old.id}`).expect(204);
  await rest(who)
    .post('/reports', { target_type: 'user', target_id: other.id, reason: `reported ${mark}` })
    .expect(201);
  await rest(undefined)
    .post('/users/login', { username_or_email: mark, password: `wrong ${mark}` })
    .expect(401);
  await rest(who).post('/users/me/export').expect(202);
  await eventually(async () => {
    expect((await rest(who).get('/users/me/export').expect(200)).body.status).to.equal('ready');
  }, 10_000);
  return { who, open, hidden, solo, message, borrowed, reacted, sent };
}

describe('erasing an account', function () {
  this.timeout(120_000);
  let admin: Account;
  let bob: Account;
  before(async () => {
    [admin, bob] = [await loginAdmin(), await register('bob')];
  });
  afterEach(closeAll);

  it('needs the password', async () => {
    const ann = await register('ann');
    expectError(await rest(ann).delete('/users/me', { password: 'not it at all' }), 401, 'AUTHENTICATION_ERROR');
    expectError(await rest(ann).delete('/users/me'), 400, 'VALIDATION_ERROR');
    expectError(await rest().delete('/users/me', { password: ann.password }), 401, 'AUTHENTICATION_ERROR');
    await rest(ann).get('/users/me').expect(200);
  });

  it('leaves nothing of what the user wrote in any table, in Redis or in the file storage', async () => {
    const mark = `mk${Date.now().toString(36)}x${process.pid}`;
    const { who, open, hidden, solo, message, borrowed, reacted, sent } = await plant(mark, bob);
    expect(await rowsWith(mark)).to.have.length.greaterThan(10);
    expect(filesWith(mark)).to.have.length.greaterThan(0);
    const heads = async (): Promise<number[]> =>
      Promise.all([open, hidden].map(async (id) => (await rest(bob).get(`/rooms/${id}`).expect(200)).body.last_seq));
    const before = await heads();
    const live = await connect(bob, nodes()[1]);
    const own = await connect(who, nodes()[0]);
    await rest(who).delete('/users/me', { password: who.password }).expect(204);
    await own.closed;
    await eventually(async () => void expectError(await rest(who).get('/rooms'), 401, 'AUTHENTICATION_ERROR'), 1000);
    expectError(await rest().post('/users/refresh', { refresh_token: who.refresh_token }), 401, 'AUTHENTICATION_ERROR');
    const login = { username_or_email: mark, password: who.password };
    expectError(await rest().post('/users/login', login), 401, 'AUTHENTICATION_ERROR');
    await eventually(() => {
      const told = live.frames.filter((f: Json) => f.type === 'message_deleted').map((f: Json) => f.message_id);
      for (const { id, chat_id } of sent) if (chat_id !== solo) expect(told).to.include(id);
      expect(
        live.frames
          .filter((f: Json) => f.type === 'reaction')
          .find((one: Json) => one.action === 'removed' && one.emoji === '🦩'),
      ).to.deep.include({
        message_id: reacted.id,
        user_id: who.id,
      });
    }, 10_000);
    await eventually(async () => expect(await everywhere(mark)).to.deep.equal([]), GONE_MS);
    expectError(await rest(bob).get(`/users/${who.id}`), 404, 'RESOURCE_NOT_FOUND');
    expect((await rest(bob).get(`/users?search=${mark}`).expect(200)).body.users).to.deep.equal([]);
    expect((await rest(bob).get(`/messages/search?q=${mark}`).expect(200)).body.messages).to.deep.equal([]);
    const tomb = (await rest(bob).get(`/messages/${message.id}`).expect(200)).body;
    expect(tomb).to.include({ seq: message.seq, content: '', is_deleted: true, sender_id: who.id });
    expect((await rest(bob).get(`/messages/${borrowed.id}`).expect(200)).body).to.deep.include({
      content: 'their file',
      attachments: [],
    });
    expect((await rest(bob).get(`/messages/${reacted.id}`).expect(200)).body.reactions).to.deep.equal([]);
    const { members } = (await rest(bob).get(`/rooms/${hidden}/members`).expect(200)).body;
    expect(members.map(({ user_id, role }: Json) => [user_id, role])).to.deep.equal([[bob.id, 'owner']]);
    const after = await heads();
    for (const [i, head] of before.entries()) expect(after[i]).to.be.greaterThan(head);
  });

  it('keeps the numbering of the log: a resume from the start is complete and without the text', async () => {
    const mark = `num${Date.now().toString(36)}`;
    const { who, hidden } = await plant(mark, bob);
    await rest(who).delete('/users/me', { password: who.password }).expect(204);
    await eventually(async () => expect(await rowsWith(mark)).to.deep.equal([]), GONE_MS);
    const { last_seq } = (await rest(bob).get(`/rooms/${hidden}`).expect(200)).body;
    const live = await connect(bob, nodes()[0]);
    live.send({ type: 'resume', rooms: { [hidden]: 0 } });
    const resumed = await live.next('resumed');
    expect(resumed.rooms[hidden]).to.deep.include({ to: last_seq, complete: true });
    const seqs = live.frames.filter((f: Json) => f.chat_id === hidden && f.seq !== undefined).map((f: Json) => f.seq);
    expect(seqs).to.deep.equal(Array.from({ length: last_seq }, (_, i) => i + 1));
    expect(JSON.stringify(live.frames)).to.not.include(mark);
  });

  it('frees the email, but neither the username nor the id', async () => {
    const ann = await register('freed');
    await rest(ann).delete('/users/me', { password: ann.password }).expect(204);
    const body = { username: ann.username, email: ann.email, password: ann.password };
    expectError(await rest().post('/users/register', body), 409, 'CONFLICT');
    const username = unique('freed');
    const again = await rest()
      .post('/users/register', { ...body, username })
      .expect(201);
    expect(again.body.user.id).to.not.equal(ann.id);
    await eventually(() => rest(bob).get(`/users/${again.body.user.id}`).expect(200));
  });

  it('can be done by an admin, is audited by ids only, and is refused for the last admin', async () => {
    const ann = await register('subject');
    await say(ann, { chat_id: 'general', content: 'short-lived' });
    expectError(await rest(bob).delete(`/admin/users/${ann.id}`), 403, 'AUTHORIZATION_ERROR');
    await rest(admin).delete(`/admin/users/${ann.id}`).expect(204);
    expectError(await rest(admin).delete(`/admin/users/${ann.id}`), 404, 'RESOURCE_NOT_FOUND');
    await eventually(async () => expect(await rowsWith(ann.username)).to.deep.equal([]), GONE_MS);
    const { entries } = (await rest(admin).get(`/admin/audit-log?target_id=${ann.id}`).expect(200)).body;
    expect(entries.map((e: Json) => [e.action, e.outcome])).to.deep.equal([
      ['user.erase', 'refused'],
      ['user.erase', 'done'],
    ]);
    expectError(await rest(admin).delete('/users/me', { password: ADMIN.password }), 403, 'AUTHORIZATION_ERROR');
    expectError(await rest(admin).delete(`/admin/users/${admin.id}`), 403, 'AUTHORIZATION_ERROR');
    await login(ADMIN);
  });

  it('updates the statistics: they agree with a recount', async () => {
    const accounts = async (): Promise<number> =>
      await withDatabase(async (db) => (await db.query('select count(*)::int n from auth.accounts')).rows[0].n);
    const statistics = async (): Promise<Json> => {
      const { body } = await rest(admin).get('/admin/dashboard/stats').expect(200);
      expect(body.users.total).to.equal(await accounts());
      return body;
    };
    const before = await eventually(statistics, 10_000);
    const ann = await register('counted');
    await say(ann, { chat_id: 'general', content: 'one' });
    await rest(ann).delete('/users/me', { password: ann.password }).expect(204);
    await eventually(async () => {
      const body = await statistics();
      expect(body.users.total).to.be.at.most(before.users.total);
      expect(body.messages.total).to.be.at.most(before.messages.total);
    }, 10_000);
  });
});
