// Invalid ids are refused at every boundary and never become part of an internal path.
import { expect } from 'chai';
import { type Account, register, rest, unique } from '../support/client.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const IMPOSSIBLE = [
  '.',
  '..',
  '../usr_x',
  'nobody',
  'usr_',
  'usr_a.b',
  'usr_a/b',
  'USR_a',
  '',
  `usr_${'a'.repeat(61)}`,
];

describe('ids', () => {
  let ann: Account;
  before(async () => {
    ann = await register('ann');
  });
  after(closeAll);

  it('that are invalid are refused with the name of their field', async () => {
    const room = unique('ids');
    await rest(ann).post('/rooms', { chat_id: room, visibility: 'public' }).expect(201);
    for (const id of IMPOSSIBLE) {
      expectInvalid(await rest(ann).post('/messages/', { recipient_id: id, content: 'x' }), 'recipient_id');
      expectInvalid(await rest(ann).post('/messages/', { chat_id: room, content: 'x', reply_to: id }), 'reply_to');
      const attaching = { chat_id: room, content: 'x', attachments: [id] };
      expectInvalid(await rest(ann).post('/messages/', attaching), 'attachments.0');
      expectInvalid(await rest(ann).post('/rooms', { member_ids: [id] }), 'member_ids.0');
      expectInvalid(await rest(ann).post(`/rooms/${room}/members`, { user_id: id }), 'user_id');
      const query = encodeURIComponent(id);
      expectInvalid(await rest(ann).get(`/messages/?recipient_id=${query}`), 'recipient_id');
      expectInvalid(await rest(ann).get(`/messages/?chat_id=${room}&thread_of=${query}`), 'thread_of');
    }
  });

  it('that are invalid are refused in frames without a delay for others', async () => {
    const live = await connect(ann);
    for (const id of IMPOSSIBLE) {
      live.send({ recipient_id: id, message: 'x' });
      expect(await live.next('error')).to.include({ code: 'VALIDATION_ERROR' });
      live.send({ message: 'fine' });
      await live.next('ack');
    }
  });

  it('in a path are 404 if unknown and refused if invalid', async () => {
    for (const path of ['/messages/msg_none', '/messages/none', '/users/usr_none', '/files/file_none', '/rooms/none'])
      expectError(await rest(ann).get(path), 404, 'RESOURCE_NOT_FOUND');
    for (const path of ['/messages/a.b', '/users/a%20b', '/files/a.b', '/rooms/-x'])
      expectError(await rest(ann).get(path), 400, 'VALIDATION_ERROR');
  });

  it('of a thousand unknown users need one lookup, and are not found', async () => {
    const member_ids = Array.from({ length: 1000 }, (_, i) => `usr_${i}`);
    expectError(await rest(ann).post('/rooms', { member_ids }), 404, 'RESOURCE_NOT_FOUND');
  });
});
