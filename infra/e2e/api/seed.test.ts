// Every request of the original API document, in its order and with its bodies.
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest } from '../support/client.ts';
import { gateway } from '../support/cluster.ts';
import { expectMessage, TIME } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const JOHN = { username: 'johndoe', email: 'john@example.com', password: 'securepassword123' };
const SEED_MESSAGE = { chat_id: 'room_123', content: 'Hello everyone!', message_type: 'text' };

describe('the original API document, request by request', () => {
  let john: Account;
  let message: Json;
  afterEach(closeAll);

  const expectUser = (user: Json): void => {
    expect(user).to.include({ username: 'johndoe', email: 'john@example.com', role: 'user', status: 'active' });
    expect(user.id).to.match(/^usr_/);
    expect(user).to.include.all.keys('display_name', 'bio', 'avatar_url', 'created_at', 'updated_at');
    expect(user.created_at).to.match(TIME);
  };
  const expectSession = (body: Json): void => {
    expect(body.token_type).to.equal('bearer');
    expect(body.access_token.split('.')).to.have.length(3);
    expect(body.refresh_token).to.be.a('string');
    expect(body.expires_in).to.be.within(1700, 1800);
    expectUser(body.user);
  };

  it('registers', async () => {
    const { body } = await rest()
      .post('/users/register', { ...JOHN, display_name: 'John Doe' })
      .expect(201);
    expectSession(body);
    expect(body.user.display_name).to.equal('John Doe');
    expect(JSON.stringify(body)).to.not.include(JOHN.password);
  });

  it('logs in by username and by email', async () => {
    for (const name of [JOHN.username, JOHN.email, 'JohnDoe']) {
      const { body } = await rest()
        .post('/users/login', { username_or_email: name, password: JOHN.password })
        .expect(200);
      expectSession(body);
      john = { ...JOHN, id: body.user.id, token: body.access_token, refresh_token: body.refresh_token };
    }
  });

  it('shows and updates the own profile', async () => {
    expectUser((await rest(john).get('/users/me').expect(200)).body);
    const change = {
      display_name: 'John Smith',
      bio: 'Software developer',
      avatar_url: 'https://example.com/avatar.jpg',
    };
    const { body } = await rest(john).put('/users/me', change).expect(200);
    expect(body).to.include(change);
    expect((await rest(john).get('/users/me').expect(200)).body).to.include(change);
  });

  it('sends a message, which creates the room', async () => {
    message = (await rest(john).post('/messages/', SEED_MESSAGE).expect(201)).body;
    expectMessage(message, { ...SEED_MESSAGE, sender_id: john.id, status: 'sent', is_edited: false, attachments: [] });
  });

  it('lists messages of a room, of a user and all', async () => {
    const byRoom = await rest(john).get('/messages/?chat_id=room_123&limit=50&skip=0').expect(200);
    expect(byRoom.body.messages.map((m: Json) => m.id)).to.deep.equal([message.id]);
    expect(byRoom.body.has_more).to.equal(false);
    const other = await register();
    const direct = await rest(john).post('/messages/', { recipient_id: other.id, content: 'psst' }).expect(201);
    expect(direct.body.recipient_id).to.equal(other.id);
    const seen = await rest(other).get(`/messages/?recipient_id=${john.id}`).expect(200);
    expect(seen.body.messages.map((m: Json) => m.id)).to.deep.equal([direct.body.id]);
    expect(seen.body.messages[0].recipient_id).to.equal(other.id);
    const all = await rest(john).get('/messages/').expect(200);
    expect(all.body.messages.slice(0, 2).map((m: Json) => m.id)).to.deep.equal([direct.body.id, message.id]);
    // All users are in `general`, where others may have written before.
    expect(all.body.messages.slice(2).every((m: Json) => m.chat_id === 'general')).to.equal(true);
  });

  it('edits and deletes', async () => {
    const edit = { content: 'Updated message content', is_edited: true };
    const edited = (await rest(john).put(`/messages/${message.id}`, edit).expect(200)).body;
    expectMessage(edited, { id: message.id, seq: message.seq, ...edit });
    await rest(john).delete(`/messages/${message.id}`).expect(204);
    const tomb = (await rest(john).get(`/messages/${message.id}`).expect(200)).body;
    expect(tomb).to.include({ is_deleted: true, content: '' });
  });

  it('uploads a file', async () => {
    const upload = await rest(john)
      .post('/files/upload')
      .attach('file', Buffer.from('plain words\n'), 'notes.txt')
      .field('description', 'some notes')
      .expect(201);
    expect(upload.body).to.include({
      filename: 'notes.txt',
      size: 12,
      description: 'some notes',
      uploaded_by: john.id,
    });
    expect(upload.body.id).to.match(/^file_/);
    const content = await rest().get(upload.body.url).expect(200);
    expect(content.text).to.equal('plain words\n');
  });

  it('serves the admin: statistics, users, ban, unban, health', async () => {
    const admin = await loginAdmin();
    const stats = (await rest(admin).get('/admin/dashboard/stats').expect(200)).body;
    expect(stats).to.include.all.keys('users', 'rooms', 'messages', 'files', 'connections', 'generated_at');
    const list = await rest(admin)
      .get('/admin/users?skip=0&limit=10&search=johndoe&status_filter=active&role_filter=user')
      .expect(200);
    expect(list.body).to.include({ total: 1, skip: 0, limit: 10 });
    expectUser(list.body.users[0]);
    expect((await rest(admin).post(`/admin/users/${john.id}/ban`).expect(200)).body.status).to.equal('banned');
    expect((await rest(admin).post(`/admin/users/${john.id}/unban`).expect(200)).body.status).to.equal('active');
    expect((await rest(admin).get('/admin/system/health').expect(200)).body).to.include.keys('status', 'services');
  });

  it('serves the health checks and the documents', async () => {
    const health = (await rest().get('/').expect(200)).body;
    expect(health).to.include.all.keys('status', 'service', 'version', 'timestamp');
    await rest().get('/test-db').expect(200);
    expect((await rest().get('/docs').expect(200)).text).to.match(/swagger/i);
  });

  it('exchanges the document’s frames over the socket', async () => {
    const [ann, bob] = [await register('ann'), await register('bob')];
    const a = await connect(ann, gateway(), ann.id);
    const b = await connect(bob, gateway(), bob.id);
    a.send({ message: 'Hello, world!', timestamp: '2024-01-01T12:00:00Z', attachments: [] });
    const frame = await b.next('message', (m) => m.sender_id === ann.id);
    expectMessage(frame, { chat_id: 'general', content: 'Hello, world!', attachments: [], is_edited: false });
    b.send({ message: 'hi back', recipient_id: ann.id });
    const sent = await b.next('ack');
    const status = await b.next('message_status', (s) => s.message_id === sent.message_id);
    expect(status).to.include({ status: 'delivered' });
    expect(status.timestamp).to.match(TIME);
  });
});
