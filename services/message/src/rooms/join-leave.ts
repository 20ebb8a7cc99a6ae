// Membership changes: row, count, version, event, and a notice to the user's own connections.
import { type PacketRecord, userTopic } from '@chatapi/bus';
import { saveFormerMember } from '../access/former-member-store.ts';
import { adjustMemberCount, deleteMembers, insertMembers, type NewMember } from '../access/member-store.ts';
import { eventFrame, notice } from '../log/frames.ts';
import type { Change } from '../log/room-change.ts';

const record = (kind: 'joined' | 'left', room: string, seq: number, user: string, frame: string): PacketRecord => ({
  kind,
  topic: userTopic(user),
  room,
  seq,
  sender: user,
  origin: '',
  frame,
});

/** Skips members. The room must be locked. @returns those who were not members before. */
export async function enterRoom(change: Change, roomId: string, people: NewMember[]): Promise<NewMember[]> {
  const entered = await insertMembers(change.trx, roomId, people);
  if (entered.length === 0) return [];
  const events = entered.map(({ user_id, role }) => ({
    sender: user_id,
    frame: eventFrame('member_joined', roomId, { user_id, role }),
  }));
  const last = await change.append(roomId, events);
  // Users added together see the same events, from the first of these on.
  const first = last - entered.length + 1;
  change.notify(
    entered.map(({ user_id, role }) =>
      record('joined', roomId, first, user_id, notice('room_joined', roomId, { role })),
    ),
  );
  await adjustMemberCount(change.trx, roomId, entered.length);
  return entered;
}

/** @returns false when the user was not a member. */
export async function leaveRoom(change: Change, roomId: string, userId: string): Promise<boolean> {
  const [ended] = await deleteMembers(change.trx, roomId, [userId]);
  if (ended === undefined) return false;
  const seq = await change.append(roomId, [
    { sender: userId, frame: eventFrame('member_left', roomId, { user_id: userId }) },
  ]);
  change.notify([record('left', roomId, seq, userId, notice('room_removed', roomId, {}))]);
  const version = await adjustMemberCount(change.trx, roomId, -1);
  await saveFormerMember(change.trx, roomId, ended, { left_seq: seq, version });
  return true;
}

/** For a deleted room: notices to the members' connections, without events in an unreadable log. */
export async function removeAllMembers(change: Change, roomId: string, lastSeq: number): Promise<void> {
  const members = await deleteMembers(change.trx, roomId);
  const frame = notice('room_removed', roomId, { deleted: true });
  change.notify(members.map(({ user_id }) => record('left', roomId, lastSeq, user_id, frame)));
}
