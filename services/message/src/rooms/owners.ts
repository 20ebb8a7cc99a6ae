// A room whose last owner has gone: the oldest moderator or member follows. If nobody was left, the
// first who comes or posts becomes owner. `general` and direct rooms have no owner.
import { GENERAL } from '../access/general-room-store.ts';
import { countOwners, findNextOwner, type NewMember, setRole } from '../access/member-store.ts';
import { findMute } from '../access/mute-store.ts';
import type { RoomRow } from '../access/room-store.ts';
import { eventFrame, type MemberRole } from '../log/frames.ts';
import type { Change } from '../log/room-change.ts';
import { enterRoom } from './join-leave.ts';

type OwnedRoom = Pick<RoomRow, 'id' | 'kind'>;

export async function assignRole(
  c: Change,
  roomId: string,
  actorId: string,
  userId: string,
  role: MemberRole,
): Promise<void> {
  await setRole(c.trx, roomId, userId, role);
  await c.append(roomId, [
    { sender: actorId, frame: eventFrame('room_updated', roomId, { member: { user_id: userId, role } }) },
  ]);
}

const lacksOwner = async (c: Change, { id, kind }: OwnedRoom): Promise<boolean> =>
  kind !== 'direct' && id !== GENERAL && (await countOwners(c.trx, id)) === 0;

/** In a room without an owner, the oldest moderator or else the oldest member becomes owner. */
export async function ensureOwner(c: Change, room: OwnedRoom, actorId: string): Promise<void> {
  if (!(await lacksOwner(c, room))) return;
  const heir = await findNextOwner(c.trx, room.id);
  if (heir !== undefined) await assignRole(c, room.id, actorId, heir, 'owner');
}

/** Who is muted does not take a room over: as its owner they could lift the mute. */
const mayClaim = async (c: Change, room: OwnedRoom, userId: string): Promise<boolean> =>
  (await lacksOwner(c, room)) && (await findMute(c.trx, room.id, userId)) === undefined;

/**
 * Makes these users members. In a room without an owner the first of them becomes owner, also as a
 * member, unless muted. The room must be locked.
 */
export async function admit(c: Change, room: OwnedRoom, userIds: string[]): Promise<void> {
  const [first, ...others] = [...new Set(userIds)] as [string, ...string[]];
  const claims = await mayClaim(c, room, first);
  const people: NewMember[] = [
    { user_id: first, role: claims ? 'owner' : 'member' },
    ...others.map((user_id) => ({ user_id, role: 'member' as const })),
  ];
  const entered = await enterRoom(c, room.id, people);
  const wasMember = entered.every(({ user_id }) => user_id !== first);
  if (claims && wasMember) await assignRole(c, room.id, first, first, 'owner');
}
