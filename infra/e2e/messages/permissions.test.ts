// The permission table of rooms, cell by cell: each kind of caller in a private and in a public
// room.
import { expect } from 'chai';
import { type Account, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import '../support/shared-cluster.ts';

type Kind = 'owner' | 'moderator' | 'member' | 'stranger';
const KINDS: Kind[] = ['owner', 'moderator', 'member', 'stranger'];

interface World {
  room: string;
  visibility: string;
  who: Record<Kind, Account>;
  /** A member without a role, and a non-member. */
  other: Account;
  outsider: Account;
  /** Id of a message by `other`. */
  message: string;
}

interface Act {
  what: string;
  /** Expected statuses by kind in a private room, then in a public one; 404: hidden. */
  private: [number, number, number, number];
  public: [number, number, number, number];
  run: (w: World, me: Account) => Promise<{ status: number }>;
}

const ACTS: Act[] = [
  {
    what: 'read the room',
    private: [200, 200, 200, 404],
    public: [200, 200, 200, 200],
    run: async (w, me) => rest(me).get(`/messages/?chat_id=${w.room}`),
  },
  {
    what: 'post',
    private: [201, 201, 201, 404],
    public: [201, 201, 201, 201],
    run: async (w, me) => rest(me).post('/messages/', { chat_id: w.room, content: 'x' }),
  },
  {
    what: 'join',
    private: [204, 204, 204, 404],
    public: [204, 204, 204, 204],
    run: async (w, me) => rest(me).post(`/rooms/${w.room}/join`),
  },
  {
    what: 'add a person',
    private: [201, 201, 403, 404],
    public: [201, 201, 201, 403],
    run: async (w, me) => rest(me).post(`/rooms/${w.room}/members`, { user_id: w.outsider.id }),
  },
  {
    what: 'remove a person',
    private: [204, 204, 403, 404],
    public: [204, 204, 403, 403],
    run: async (w, me) => rest(me).delete(`/rooms/${w.room}/members/${w.other.id}`),
  },
  {
    what: 'rename',
    private: [200, 200, 403, 404],
    public: [200, 200, 403, 403],
    run: async (w, me) => rest(me).put(`/rooms/${w.room}`, { name: 'new name' }),
  },
  {
    what: 'change visibility',
    private: [200, 403, 403, 404],
    public: [200, 403, 403, 403],
    run: async (w, me) =>
      rest(me).put(`/rooms/${w.room}`, { visibility: w.visibility === 'private' ? 'public' : 'private' }),
  },
  {
    what: 'make a moderator',
    private: [200, 403, 403, 404],
    public: [200, 403, 403, 403],
    run: async (w, me) => rest(me).put(`/rooms/${w.room}/members/${w.other.id}`, { role: 'moderator' }),
  },
  {
    what: 'edit another’s message',
    private: [403, 403, 403, 404],
    public: [403, 403, 403, 403],
    run: async (w, me) => rest(me).put(`/messages/${w.message}`, { content: 'forged' }),
  },
  {
    what: 'delete another’s message',
    private: [204, 204, 403, 404],
    public: [204, 204, 403, 403],
    run: async (w, me) => rest(me).delete(`/messages/${w.message}`),
  },
  {
    what: 'delete the room',
    private: [204, 403, 403, 404],
    public: [204, 403, 403, 403],
    run: async (w, me) => rest(me).delete(`/rooms/${w.room}`),
  },
];

describe('permissions in a room', () => {
  const who = {} as Record<Kind, Account>;
  let other: Account;
  let outsider: Account;
  before(async () => {
    for (const kind of KINDS) who[kind] = await register(kind);
    [other, outsider] = [await register('other'), await register('outsider')];
  });

  async function world(visibility: string): Promise<World> {
    const room = unique('rights');
    const member_ids = [who.moderator.id, who.member.id, other.id];
    await rest(who.owner).post('/rooms', { chat_id: room, visibility, member_ids }).expect(201);
    await rest(who.owner).put(`/rooms/${room}/members/${who.moderator.id}`, { role: 'moderator' }).expect(200);
    const { id } = await say(other, { chat_id: room, content: 'theirs' });
    return { room, visibility, who, other, outsider, message: id };
  }

  for (const visibility of ['private', 'public'] as const) {
    for (const act of ACTS) {
      it(`${visibility}: ${act.what}`, async () => {
        for (const [i, kind] of KINDS.entries()) {
          const answer = await act.run(await world(visibility), who[kind]);
          expect(answer.status, kind).to.equal(act[visibility][i]);
        }
      });
    }
  }

  it('when the last owner leaves, the oldest moderator or else the oldest member becomes owner', async () => {
    const w = await world('private');
    await rest(who.owner).post(`/rooms/${w.room}/leave`).expect(204);
    expect((await rest(who.moderator).get(`/rooms/${w.room}`).expect(200)).body.role).to.equal('owner');
    await rest(who.moderator).post(`/rooms/${w.room}/leave`).expect(204);
    expect((await rest(who.member).get(`/rooms/${w.room}`).expect(200)).body.role).to.equal('owner');
  });

  it('an admin may delete any message, which is audited', async () => {
    const w = await world('public');
    const admin = await loginAdmin();
    await rest(admin).delete(`/admin/messages/${w.message}`).expect(204);
    expect((await rest(other).get(`/messages/${w.message}`).expect(200)).body.is_deleted).to.equal(true);
    const { entries } = (await rest(admin).get('/admin/audit-log?limit=5').expect(200)).body;
    expect(entries.some((e: { target_id: string }) => e.target_id === w.message)).to.equal(true);
  });
});
