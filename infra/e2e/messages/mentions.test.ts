import { expect } from 'chai';
import { type Account, type Json, privateRoom, register, rest, say } from '../support/client.ts';
import { nodes } from '../support/cluster.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('mentions', () => {
  let ann: Account;
  let bob: Account;
  let room: string;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
    room = await privateRoom(ann, [bob], 'mentions');
  });
  afterEach(closeAll);

  it('of an edit are in its frame, live and replayed by another node', async () => {
    const { id } = await say(ann, { chat_id: room, content: 'plain' });
    const live = await connect(bob, nodes()[0]);
    await rest(ann)
      .put(`/messages/${id}`, { content: `now @${bob.username.toUpperCase()}!` })
      .expect(200);
    expect((await live.next('message_updated')).mentions).to.deep.equal([bob.id]);
    await rest(ann).put(`/messages/${id}`, { content: 'plain again' }).expect(200);
    expect((await live.next('message_updated')).mentions).to.deep.equal([]);
    const later = await connect(bob, nodes()[1]);
    later.send({ type: 'resume', rooms: { [room]: 0 } });
    await later.next('resumed');
    const replayed = later.frames.filter(({ type }) => type === 'message_updated');
    expect(replayed.map(({ mentions }: Json) => mentions)).to.deep.equal([[bob.id], []]);
  });

  it('of somebody who has just registered are there, at once or by an update that is no edit', async () => {
    const live = await connect(ann);
    for (let i = 0; i < 5; i++) {
      const eve = await register('eve');
      const { id, mentions } = await say(ann, { chat_id: room, content: `welcome @${eve.username}` });
      if (mentions.length === 0) {
        const update = await live.next('message_updated', ({ message_id }) => message_id === id, 10_000);
        expect(update).to.deep.include({ mentions: [eve.id], is_edited: false });
      }
      const { body } = await rest(ann).get(`/messages/${id}`).expect(200);
      expect(body).to.deep.include({ mentions: [eve.id], is_edited: false });
    }
  });
});
