// Owns: how people come into a room and out of it: row, count, version, event, and the word to their own connections.
import { type PacketRecord, userTopic } from '@chatapi/bus';
import type { Change } from './change.ts';
import { eventFrame, membershipNotice } from './frames.ts';
import { deleteMembers, insertMembers, type NewMember, recount } from './member-store.ts';

const notice = (kind: 'joined' | 'left', room: string, seq: number, user: string, fields: object): PacketRecord => ({
  kind,
  topic: userTopic(user),
  room,
  seq,
  sender: user,
  origin: '',
  frame: membershipNotice(kind === 'joined' ? 'room_joined' : 'room_removed', room, fields),
});

/** Those who are in already are passed over. The room must be locked. */
export async function enterRoom(change: Change, roomId: string, people: NewMember[]): Promise<void> {
  const entered = await insertMembers(change.trx, roomId, people);
  if (entered.length === 0) return;
  const events = entered.map(({ user_id, role }) => ({
    sender: user_id,
    frame: eventFrame('member_joined', roomId, { user_id, role }),
  }));
  const last = await change.append(roomId, events);
  // Who comes in together sees the same: the first of these events is the first for all of them.
  const first = last - entered.length + 1;
  change.notify(entered.map(({ user_id, role }) => notice('joined', roomId, first, user_id, { role })));
  await recount(change.trx, roomId, entered.length);
}

/** @returns whether they were in. */
export async function leaveRoom(change: Change, roomId: string, userId: string): Promise<boolean> {
  if ((await deleteMembers(change.trx, roomId, [userId])).length === 0) return false;
  const seq = await change.append(roomId, [
    { sender: userId, frame: eventFrame('member_left', roomId, { user_id: userId }) },
  ]);
  change.notify([notice('left', roomId, seq, userId, {})]);
  await recount(change.trx, roomId, -1);
  return true;
}

/** The room is gone: its members' connections leave it, without an event in a log that nobody can read any more. */
export async function emptyRoom(change: Change, roomId: string, lastSeq: number): Promise<void> {
  const members = await deleteMembers(change.trx, roomId);
  change.notify(members.map((user_id) => notice('left', roomId, lastSeq, user_id, { deleted: true })));
}
