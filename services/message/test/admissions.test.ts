// Invites to register that make people members of rooms, over two instances.
import { userTopic } from '@chatapi/bus';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { handlers } from '../src/facts.ts';
import { admitInvited } from '../src/rooms/invited-rooms.ts';
import { type Messages, openMessages } from './harness.ts';

describe('people who registered with an invite', () => {
  let one: Messages;
  let two: Messages;
  let room: string;
  let made = 0;
  before(async () => {
    one = await openMessages();
    two = await one.twin();
  });
  after(async () => {
    await two?.close();
    await one?.close();
  });
  beforeEach(async () => {
    room = `invited${made++}`;
    await one.ask('usr_a', 'post', '/rooms', { chat_id: room, visibility: 'private' }).expect(201);
  });

  const invite = (user_id: string, ...rooms: string[]): Promise<void> =>
    one.ctx.db.transaction(async (trx) =>
      handlers['account.invited']?.([{ user_id, rooms, at: new Date().toISOString() }], trx),
    );
  const membersOf = async (id: string): Promise<string[]> =>
    (await one.ask('usr_a', 'get', `/rooms/${id}/members`).expect(200)).body.members.map(
      ({ user_id, role }: Record<string, string>) => `${user_id} ${role}`,
    );
  const settled = (): Promise<unknown> => eventually(async () => (await one.ctx.db('admissions')).length === 0);
  const joins = async (id: string): Promise<number> =>
    (await one.log(id)).filter(({ type, user_id }) => type === 'member_joined' && user_id !== 'usr_a').length;

  it('become members, of private rooms too, and their connections hear of it', async () => {
    const { records, stop } = await one.listen([userTopic('usr_b')]);
    await invite('usr_b', room);
    await settled();
    expect(await membersOf(room)).to.deep.equal(['usr_a owner', 'usr_b member']);
    expect(await eventually(() => records.some(({ kind }) => kind === 'joined'))).to.equal(true);
    stop();
  });

  it('become members once, whichever instances work on it and however often the fact comes', async () => {
    await invite('usr_c', room, room);
    await Promise.all([...Array(4)].flatMap(() => [admitInvited(one.ctx, room), admitInvited(two.ctx, room)]));
    await invite('usr_c', room);
    await settled();
    expect(await membersOf(room)).to.deep.equal(['usr_a owner', 'usr_c member']);
    expect(await joins(room)).to.equal(1);
  });

  it('enter the rooms that still exist; general, direct and unknown ones change nothing', async () => {
    const gone = `${room}.gone`;
    await one.ask('usr_a', 'post', '/rooms', { chat_id: gone }).expect(201);
    await one.ask('usr_a', 'delete', `/rooms/${gone}`).expect(204);
    const { body } = await one.send('usr_a', { recipient_id: 'usr_z', content: 'hi' }).expect(201);
    await invite('usr_d', 'general', gone, `${room}.never`, body.chat_id, room);
    await settled();
    expect(await membersOf(room)).to.include('usr_d member');
    const rows = await one.ctx.db('room_members').where({ user_id: 'usr_d' });
    expect(rows.map(({ room_id }) => room_id).filter((id) => id !== 'general')).to.deep.equal([room]);
  });

  it('who are erased meanwhile enter nothing', async () => {
    await one.ctx.db.transaction(async (trx) => {
      await handlers['account.erased']?.([{ user_id: 'usr_gone', erased_at: new Date().toISOString() }], trx);
      await handlers['account.invited']?.([{ user_id: 'usr_gone', rooms: [room], at: new Date().toISOString() }], trx);
    });
    await settled();
    expect(await membersOf(room)).to.deep.equal(['usr_a owner']);
  });

  it('are admitted later when a room can’t be changed now; other rooms do not wait', async () => {
    const other = `${room}.other`;
    await one.ask('usr_a', 'post', '/rooms', { chat_id: other }).expect(201);
    await one.ctx.db.raw(`alter table rooms add constraint full_room check (id <> '${room}' or member_count < 2)`);
    await invite('usr_e', room, other);
    await eventually(async () => (await membersOf(other)).includes('usr_e member'));
    expect(await membersOf(room)).to.deep.equal(['usr_a owner']);
    await eventually(async () => (await one.ctx.db('admissions').where('due_at', '>', new Date())).length === 1);
    await one.ctx.db.raw('alter table rooms drop constraint full_room');
    await one.ctx.db('admissions').update({ due_at: new Date(0) });
    await eventually(async () => (await membersOf(room)).includes('usr_e member'));
  });
});
