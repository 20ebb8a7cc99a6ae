import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, register, rest, say } from '../support/client.ts';
import { nodes } from '../support/cluster.ts';
import { closeStreams, listen } from '../support/event-stream.ts';
import { TIME } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('presence, typing, delivered and read', () => {
  let ann: Account;
  let bob: Account;
  let stranger: Account;
  let room: string;
  beforeEach(async () => {
    [ann, bob, stranger] = [await register('ann'), await register('bob'), await register('stranger')];
    room = (await say(ann, { recipient_id: bob.id, content: 'hi' })).chat_id;
  });
  afterEach(closeAll);
  afterEach(closeStreams);
  const of = (who: Account) => (frame: { user_id: string }) => frame.user_id === who.id;
  const status = async (): Promise<string> =>
    (await rest(stranger).get(`/users/${bob.id}`).expect(200)).body.presence.status;

  it('is shown to users of a direct room across nodes; a quick reconnect changes nothing', async function () {
    this.timeout(25_000);
    const a = await connect(ann, nodes()[0]);
    const b = await connect(bob, nodes()[1]);
    const online = await a.next('user_status', of(bob));
    expect(online).to.include({ status: 'online', user_id: bob.id });
    expect(online.timestamp).to.match(TIME);
    await eventually(async () => expect(await status()).to.equal('online'));
    await b.close();
    const back = await connect(bob, nodes()[0]);
    await a.never('user_status', 1500, (f) => f.user_id === bob.id && f.status === 'offline');
    await back.close();
    await a.next('user_status', (f) => f.user_id === bob.id && f.status === 'offline', 10_000);
    await eventually(async () => expect(await status()).to.equal('offline'));
  });

  it('typing is shown to the other members', async () => {
    const [a, b, s] = [await connect(ann, nodes()[0]), await connect(bob, nodes()[1]), await connect(stranger)];
    a.send({ type: 'typing', chat_id: room });
    expect(await b.next('typing')).to.include({ chat_id: room, user_id: ann.id });
    await s.never('typing', 200);
    await a.never('typing', 100);
    s.send({ type: 'typing', chat_id: room });
    await b.never('typing', 300);
  });

  it('typing by REST is shown as typing by the socket, on all nodes and streams', async () => {
    const [a, b, one] = [
      await connect(ann, nodes()[0]),
      await connect(bob, nodes()[1]),
      await connect(bob, nodes()[0]),
    ];
    const stream = listen(bob.token, '/events');
    await eventually(() => expect(stream.count('hello')).to.equal(1));
    const type = (who: Account, body?: object) => {
      const post = rest(who).post(`/rooms/${room}/typing`);
      return body === undefined ? post : post.send(body);
    };
    const { headers } = await type(ann).expect(204);
    expect(headers, 'with RATE_LIMIT_WS_FRAMES=0').not.to.have.property('x-ratelimit-limit');
    const frame = await b.next('typing');
    expect(frame).to.deep.include({ chat_id: room, user_id: ann.id, expires_in_ms: 6000 });
    expect(frame.timestamp).to.match(TIME);
    // The socket's stop ends what began by REST.
    a.send({ type: 'typing', chat_id: room, stop: true });
    expect(await b.next('typing')).to.include({ expires_in_ms: 0 });
    for (const expected of [6000, 0]) expect(await one.next('typing')).to.include({ expires_in_ms: expected });
    await eventually(() => expect(stream.count('typing')).to.equal(2));
    await a.never('typing', 200);
    expect((await type(stranger).expect(404)).body.code).to.equal('RESOURCE_NOT_FOUND');
    expect((await type(ann, { stop: 1 }).expect(400)).body.details.fields[0].path).to.equal('stop');
  });

  it('the sender is notified of delivery and reading, and both are stored', async () => {
    const [a, b] = [await connect(ann, nodes()[0]), await connect(bob, nodes()[1])];
    a.send({ message: 'for bob', recipient_id: bob.id });
    const ack = await a.next('ack');
    const mine = (wanted: string) => (f: { message_id: string; status: string }) =>
      f.message_id === ack.message_id && f.status === wanted;
    expect((await a.next('message_status', mine('delivered'))).timestamp).to.match(TIME);
    b.send({ type: 'read', chat_id: room, seq: ack.seq });
    await a.next('message_status', mine('read'));
    await eventually(async () =>
      expect((await rest(ann).get(`/messages/${ack.message_id}`).expect(200)).body.status).to.equal('read'),
    );
    expect((await rest(bob).get(`/rooms/${room}`).expect(200)).body).to.include({ unread_count: 0 });
  });

  it('the status stays `sent` while the recipient is offline', async () => {
    const { id } = await say(ann, { recipient_id: bob.id, content: 'later' });
    expect((await rest(ann).get(`/messages/${id}`).expect(200)).body.status).to.equal('sent');
    const b = await connect(bob);
    b.send({ type: 'resume', rooms: { [room]: 0 } });
    await b.next('resumed');
    await eventually(async () =>
      expect((await rest(ann).get(`/messages/${id}`).expect(200)).body.status).to.equal('delivered'),
    );
  });
});
