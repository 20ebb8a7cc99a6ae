// A signed link works without a header, so it must become invalid with its holder's rights.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { nodes } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { PNG } from '../support/images.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

describe('signed links', function () {
  this.timeout(60_000);
  let ann: Account;
  let image: Json;
  let room: string;
  let message: Json;
  let reader: Account;
  let links: string[];
  before(async () => {
    ann = await register('ann');
    const { id } = (await rest(ann).post('/files/upload').attach('file', PNG, 'dot.png').expect(201)).body;
    image = await eventually(async () => {
      const { body } = await rest(ann).get(`/files/${id}`).expect(200);
      expect(body.thumbnail_url).to.be.a('string');
      return body;
    }, 20_000);
  });
  afterEach(closeAll);
  /**
   * An image in a private room, and all links to it that a reader gets: by REST, live and replayed.
   */
  beforeEach(async () => {
    reader = await register('reader');
    room = await privateRoom(ann, [reader], 'links');
    const live = await connect(reader, nodes()[1]);
    message = await say(ann, { chat_id: room, content: 'look', attachments: [image.id] });
    const frame = await live.next('message', (f) => f.chat_id === room);
    const again = await connect(reader, nodes()[0]);
    again.send({ type: 'resume', rooms: { [room]: message.seq - 1 } });
    const replayed = await again.next('message', (f) => f.chat_id === room);
    const { body: page } = await rest(reader).get(`/messages/?chat_id=${room}`).expect(200);
    const { body: mine } = await rest(reader).get('/rooms').expect(200);
    const { body: shown } = await rest(reader).get(`/files/${image.id}`).expect(200);
    const bearers = [frame, replayed, page.messages[0], mine.rooms.find((r: Json) => r.id === room).last_message];
    links = [shown, ...bearers.map((m) => m.attachments[0])].flatMap((f) => [f.url, f.thumbnail_url]);
    expect(links.length).to.equal(10);
    for (const link of links) await rest().get(link).expect(200);
  });
  const allEnded = async (status: number, code: string): Promise<void> => {
    for (const link of links) expectError(await rest().get(link), status, code);
    // The uploader's own links stay valid.
    for (const link of [message.attachments[0].url, image.url]) await rest().get(link).expect(200);
  };

  it('become invalid when the message is deleted', async () => {
    await rest(ann).delete(`/messages/${message.id}`).expect(204);
    await allEnded(404, 'RESOURCE_NOT_FOUND');
  });

  it('become invalid when their holder leaves, and valid again after joining', async () => {
    await rest(reader).post(`/rooms/${room}/leave`).expect(204);
    await allEnded(404, 'RESOURCE_NOT_FOUND');
    await rest(ann).post(`/rooms/${room}/members`, { user_id: reader.id }).expect(201);
    for (const link of links) await rest().get(link).expect(200);
  });

  it('become invalid when their holder is removed or the room is deleted', async () => {
    await rest(ann).delete(`/rooms/${room}/members/${reader.id}`).expect(204);
    await allEnded(404, 'RESOURCE_NOT_FOUND');
    await rest(ann).post(`/rooms/${room}/members`, { user_id: reader.id }).expect(201);
    await rest(ann).delete(`/rooms/${room}`).expect(204);
    await allEnded(404, 'RESOURCE_NOT_FOUND');
  });

  it('become invalid when their holder is banned, also for a public room, or erased', async () => {
    const admin = await loginAdmin();
    const open = unique('open');
    await say(ann, { chat_id: open, content: '', attachments: [image.id] });
    await rest(admin).post(`/admin/users/${reader.id}/ban`, { reason: 'test' }).expect(200);
    await allEnded(403, 'AUTHORIZATION_ERROR');
    await rest(admin).post(`/admin/users/${reader.id}/unban`).expect(200);
    for (const link of links) await rest().get(link).expect(200);
    await rest(admin).delete(`/admin/users/${reader.id}`).expect(204);
    await allEnded(404, 'RESOURCE_NOT_FOUND');
    await rest(ann).delete(`/rooms/${open}`).expect(204);
  });

  it('become invalid when the uploader is erased', async () => {
    const admin = await loginAdmin();
    const author = await register('author');
    const sent = (await rest(author).post('/files/upload').attach('file', Buffer.from('text'), 'a.txt').expect(201))
      .body;
    const other = await privateRoom(author, [reader], 'links');
    await say(author, { chat_id: other, content: '', attachments: [sent.id] });
    const link = (await rest(reader).get(`/files/${sent.id}`).expect(200)).body.url;
    await rest().get(link).expect(200);
    await rest(admin).delete(`/admin/users/${author.id}`).expect(204);
    await eventually(async () => expectError(await rest().get(link), 404, 'RESOURCE_NOT_FOUND'), 20_000);
  });
});
