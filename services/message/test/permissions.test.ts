// Every cell of the table over HTTP: 2xx if allowed, otherwise 403, or 404 for an unreadable room.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Action, type Kind, type Membership, may, PERMISSIONS } from '../src/access/room-permissions.ts';
import { type Messages, openMessages } from './harness.ts';

type Place = Kind | 'general';
const PLACES: Place[] = ['public', 'private', 'direct', 'general'];
const MEMBERSHIPS: Membership[] = ['owner', 'moderator', 'member', 'stranger'];

// The contract. The tables in the code and in the README must be equal to it.
const EXPECTED: Record<Action, Record<Place, string>> = {
  read: { public: 'omx-', private: 'omx', direct: 'omx', general: 'omx-' },
  post: { public: 'omx-', private: 'omx', direct: 'omx', general: 'omx-' },
  type: { public: 'omx', private: 'omx', direct: 'omx', general: 'omx-' },
  join: { public: 'omx-', private: 'omx', direct: 'omx', general: 'omx-' },
  leave: { public: 'omx', private: 'omx', direct: '', general: '' },
  add_member: { public: 'omx', private: 'om', direct: '', general: '' },
  remove_member: { public: 'om', private: 'om', direct: '', general: '' },
  remove_staff: { public: 'o', private: 'o', direct: '', general: '' },
  set_role: { public: 'o', private: 'o', direct: '', general: '' },
  rename: { public: 'om', private: 'om', direct: '', general: '' },
  moderate: { public: 'om', private: 'om', direct: '', general: '' },
  set_visibility: { public: 'o', private: 'o', direct: '', general: '' },
  archive: { public: 'o', private: 'o', direct: '', general: '' },
  delete_room: { public: 'o', private: 'o', direct: '', general: '' },
  delete_message: { public: 'om', private: 'om', direct: '', general: '' },
};
const LETTER: Record<Membership, string> = { owner: 'o', moderator: 'm', member: 'x', stranger: '-' };
const ACTIONS = Object.keys(EXPECTED) as Action[];

const user = (membership: Membership): string => `usr_${membership}`;

interface Setting {
  room: string;
  /** A message by `usr_author`. */
  message: string;
}

describe('the permission table', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  it('the table in the code has exactly the cells of the contract', () => {
    expect(Object.keys(PERMISSIONS).sort()).to.deep.equal([...ACTIONS].sort());
    for (const action of ACTIONS) {
      for (const place of PLACES) {
        for (const membership of MEMBERSHIPS) {
          const allowed =
            place === 'general' ? may(action, 'public', membership, 'general') : may(action, place, membership);
          expect(allowed, `${action} ${place} ${membership}`).to.equal(
            EXPECTED[action][place].includes(LETTER[membership]),
          );
        }
      }
    }
  });

  it('the table in the README is equal to the code', () => {
    const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| `(\w+)` +\|[^|]*\|(.*)\|$/gm)].map(([, action, cells]) => [
      action,
      (cells as string).split('|').map((cell) => cell.trim()),
    ]);
    const expected = ACTIONS.map((action) => [action, PLACES.map((place) => EXPECTED[action][place] || 'nobody')]);
    expect(rows).to.deep.equal(expected);
  });

  let made = 0;
  async function setUp(place: 'public' | 'private'): Promise<Setting> {
    const room = `perm${made++}`;
    const member_ids = ['usr_moderator', 'usr_member', 'usr_author', 'usr_staff'];
    await m.ask('usr_owner', 'post', '/rooms', { chat_id: room, visibility: place, member_ids }).expect(201);
    for (const staff of ['usr_moderator', 'usr_staff'])
      await m.ask('usr_owner', 'put', `/rooms/${room}/members/${staff}`, { role: 'moderator' }).expect(200);
    const { body } = await m.send('usr_author', { chat_id: room, content: 'x' }).expect(201);
    return { room, message: body.id };
  }

  const TRY: Record<Action, (who: string, s: Setting) => Promise<{ status: number }>> = {
    read: async (who, s) => await m.ask(who, 'get', `/messages/?chat_id=${s.room}`),
    post: async (who, s) => await m.send(who, { chat_id: s.room, content: 'y' }),
    type: async (who, s) => await m.ask(who, 'post', `/rooms/${s.room}/typing`),
    join: async (who, s) => await m.ask(who, 'post', `/rooms/${s.room}/join`),
    leave: async (who, s) => await m.ask(who, 'post', `/rooms/${s.room}/leave`),
    add_member: async (who, s) => await m.ask(who, 'post', `/rooms/${s.room}/members`, { user_id: 'usr_new' }),
    remove_member: async (who, s) => await m.ask(who, 'delete', `/rooms/${s.room}/members/usr_author`),
    remove_staff: async (who, s) => await m.ask(who, 'delete', `/rooms/${s.room}/members/usr_staff`),
    set_role: async (who, s) => await m.ask(who, 'put', `/rooms/${s.room}/members/usr_author`, { role: 'moderator' }),
    rename: async (who, s) => await m.ask(who, 'put', `/rooms/${s.room}`, { name: 'Other' }),
    moderate: async (who, s) => await m.ask(who, 'put', `/rooms/${s.room}/members/usr_author/mute`),
    set_visibility: async (who, s) =>
      await m.ask(who, 'put', `/rooms/${s.room}`, {
        visibility: (await kindOf(s.room)) === 'public' ? 'private' : 'public',
      }),
    archive: async (who, s) => await m.ask(who, 'put', `/rooms/${s.room}`, { archived: true }),
    delete_room: async (who, s) => await m.ask(who, 'delete', `/rooms/${s.room}`),
    delete_message: async (who, s) => await m.ask(who, 'delete', `/messages/${s.message}`),
  };
  const kindOf = async (id: string): Promise<string> => (await m.ctx.db('rooms').where({ id }).first('kind')).kind;

  for (const place of ['public', 'private'] as const) {
    for (const action of ACTIONS) {
      it(`${action} in a ${place} room`, async () => {
        for (const membership of MEMBERSHIPS) {
          const { status } = await TRY[action](user(membership), await setUp(place));
          const allowed = EXPECTED[action][place].includes(LETTER[membership]);
          // Leaving as a non-member is idempotent.
          const refused = place === 'private' && membership === 'stranger' ? 404 : action === 'leave' ? 204 : 403;
          expect(allowed ? Math.floor(status / 100) : status, `${membership}: ${status}`).to.equal(
            allowed ? 2 : refused,
          );
        }
      });
    }
  }

  it('members of general and direct rooms cannot leave, change or delete them, or add members', async () => {
    const direct = (await m.send('usr_member', { recipient_id: 'usr_owner', content: 'hi' })).body;
    const general = (await m.send('usr_owner', { chat_id: 'general', content: 'hi' })).body;
    for (const { chat_id: room, id: message } of [direct, general]) {
      for (const action of [
        'leave',
        'add_member',
        'remove_member',
        'set_role',
        'rename',
        'moderate',
        'set_visibility',
        'archive',
        'delete_room',
      ] as const) {
        expect((await TRY[action]('usr_member', { room, message })).status, `${action} ${room}`).to.equal(403);
      }
      const theirs = room === 'general' ? 'usr_member' : 'usr_owner';
      expect((await TRY.delete_message(theirs, { room, message })).status).to.equal(403);
    }
    expect((await TRY.join('usr_member', { room: 'general', message: '' })).status).to.equal(204);
    expect((await TRY.join('usr_new', { room: direct.chat_id, message: '' })).status).to.equal(404);
  });
});
