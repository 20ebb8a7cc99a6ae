// Archived rooms, and rooms for admins, over two instances.
import { expect } from 'chai';
import { type Messages, openTwo } from './harness.ts';

const LIKE = encodeURIComponent('👍');

describe('archived rooms', () => {
  let one: Messages;
  let two: Messages;
  let room: string;
  let message: string;
  let made = 0;
  openTwo((a, b) => {
    [one, two] = [a, b];
  });
  beforeEach(async () => {
    room = `arch${made++}`;
    await one.ask('usr_owner', 'post', '/rooms', { chat_id: room, member_ids: ['usr_m'] }).expect(201);
    for (const m of [one, two]) message = (await m.send('usr_m', { chat_id: room, content: 'hi' }).expect(201)).body.id;
  });
  const archive = (archived: boolean, user = 'usr_owner') => one.ask(user, 'put', `/rooms/${room}`, { archived });

  it('nothing is written, edited, reacted to or deleted, on any instance, until the owner brings it back', async () => {
    const retry = { chat_id: room, content: 'sent before', client_id: 'k' };
    await one.send('usr_m', retry).expect(201);
    expect((await archive(true).expect(200)).body.archived).to.equal(true);
    for (const m of [one, two]) {
      const refused = [
        m.send('usr_m', { chat_id: room, content: 'x' }),
        m.send('usr_owner', { chat_id: room, content: 'x' }),
        m.send('usr_new', { chat_id: room, content: 'x' }),
        m.ask('usr_m', 'put', `/messages/${message}`, { content: 'y' }),
        m.ask('usr_m', 'put', `/messages/${message}/reactions/${LIKE}`),
        m.ask('usr_m', 'delete', `/messages/${message}/reactions/${LIKE}`),
        m.ask('usr_m', 'delete', `/messages/${message}`),
        m.ask('usr_new', 'post', `/rooms/${room}/join`),
        m.ask('usr_owner', 'put', `/rooms/${room}`, { name: 'New' }),
      ];
      for (const { status, body } of await Promise.all(refused))
        expect([status, body.code, body.details.reason]).to.deep.equal([409, 'CONFLICT', 'archived']);
      await m.ask('usr_m', 'get', `/messages/?chat_id=${room}`).expect(200);
      await m.ask('usr_m', 'put', `/rooms/${room}/read`, { seq: 3 }).expect(204);
      // A retry of what was accepted gets the first answer.
      await m.send('usr_m', retry).expect(200);
    }
    await one.ask('usr_m', 'post', `/rooms/${room}/leave`).expect(204);
    expect((await archive(false).expect(200)).body.archived).to.equal(false);
    await two.send('usr_m', { chat_id: room, content: 'again' }).expect(201);
    const changes = (await one.log(room)).filter(({ type }) => type === 'room_updated');
    expect(changes.map(({ archived }) => archived)).to.deep.equal([true, false]);
  });

  it('admins go on writing and deleting', async () => {
    await archive(true).expect(200);
    const send = (role: 'admin' | 'moderator') =>
      two.ask('usr_m', 'post', '/messages/', { chat_id: room, content: 'closing note' }, role);
    await send('moderator').expect(409);
    await send('admin').expect(201);
    await two.ask('usr_boss', 'delete', `/messages/${message}`, undefined, 'admin').expect(204);
  });

  it('is missing in lists of rooms unless archived ones are asked for', async () => {
    const ids = async (path: string) =>
      (await one.ask('usr_m', 'get', path).expect(200)).body.rooms.map(({ id }: { id: string }) => id);
    await archive(true).expect(200);
    for (const path of ['/rooms?limit=100', `/rooms/public?search=${room}&limit=100`]) {
      expect(await ids(path)).not.to.include(room);
      const archived = await ids(`${path}&archived=true`);
      expect(archived).to.include(room).and.not.include('general');
    }
  });

  it('only owners archive; general and direct rooms cannot be', async () => {
    await archive(true, 'usr_m').expect(403);
    await one.ask('usr_m', 'put', '/rooms/general', { archived: true }).expect(403);
    const { body } = await one.send('usr_m', { recipient_id: 'usr_owner', content: 'x' }).expect(201);
    await one.ask('usr_m', 'put', `/rooms/${body.chat_id}`, { archived: true }).expect(403);
  });

  it('admins change and delete any room without a membership, and give it an owner', async () => {
    const actor_id = 'usr_boss';
    const put = (changes: object, id = room) => one.inside('put', `/internal/rooms/${id}`, { actor_id, ...changes });
    const { body } = await put({ name: 'Renamed', topic: 't', visibility: 'private', archived: true }).expect(200);
    expect(body).to.include({ name: 'Renamed', topic: 't', visibility: 'private', archived: true, member_count: 2 });
    expect(body.owner_ids).to.deep.equal(['usr_owner']);
    await one.send('usr_m', { chat_id: room, content: 'x' }).expect(409);
    expect((await put({ archived: false, owner_id: 'usr_m' }).expect(200)).body.owner_ids).to.deep.equal([
      'usr_owner',
      'usr_m',
    ]);
    expect((await put({ owner_id: 'usr_new' }).expect(200)).body.member_count).to.equal(3);
    await put({ owner_id: 'usr_ghost' }).expect(404);
    await one.inside('delete', `/internal/rooms/${room}`).expect(204);
    for (const method of ['get', 'delete'] as const) await one.inside(method, `/internal/rooms/${room}`).expect(404);
    await two.send('usr_m', { chat_id: room, content: 'x' }).expect(404);
  });

  it('general can be renamed and archived by admins, not deleted; direct rooms only archived', async () => {
    const actor_id = 'usr_boss';
    const put = (id: string, changes: object) => one.inside('put', `/internal/rooms/${id}`, { actor_id, ...changes });
    await put('general', { name: 'Everybody', archived: true }).expect(200);
    await one.send('usr_m', { chat_id: 'general', content: 'x' }).expect(409);
    await put('general', { archived: false }).expect(200);
    await put('general', { visibility: 'private' }).expect(409);
    await put('general', { owner_id: 'usr_m' }).expect(409);
    await one.inside('delete', '/internal/rooms/general').expect(409);
    const direct = (await one.send('usr_m', { recipient_id: 'usr_n', content: 'x' }).expect(201)).body.chat_id;
    await put(direct, { name: 'x' }).expect(409);
    await one.inside('delete', `/internal/rooms/${direct}`).expect(409);
    await put(direct, { archived: true }).expect(200);
    await two.send('usr_n', { recipient_id: 'usr_m', content: 'x' }).expect(409);
  });

  it('admins list all rooms, newest first, by words, kind and state', async () => {
    const list = async (query: string) =>
      (await one.inside('get', `/internal/rooms?limit=50&skip=0&${query}`).expect(200)).body.rooms.map(
        ({ id }: { id: string }) => id,
      );
    await archive(true).expect(200);
    expect((await list('kind=public'))[0]).to.equal(room);
    expect(await list(`search=${room.toUpperCase()}`)).to.deep.equal([room]);
    expect(await list(`search=${room}&archived=false`)).to.deep.equal([]);
    expect(await list(`search=${room}&archived=true`)).to.deep.equal([room]);
    expect(await list('search=%25')).to.deep.equal([]);
  });
});
