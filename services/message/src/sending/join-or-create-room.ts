// What a first post creates: a public room with its owner, a membership of a public room, or a
// direct room.
import { notFound } from '@chatapi/kit';
import { ensureGeneral } from '../access/general-room.ts';
import { GENERAL } from '../access/general-room-store.ts';
import { membersAmong, type NewMember } from '../access/member-store.ts';
import type { Kind } from '../access/room-permissions.ts';
import { insertRoom, lockRoom, type RoomRow } from '../access/room-store.ts';
import type { Context } from '../context.ts';
import { type Change, change } from '../log/room-change.ts';
import { requirePeople } from '../people/people.ts';
import { enterRoom } from '../rooms/join-leave.ts';
import { admit } from '../rooms/owners.ts';
import type { Draft } from './send-body.ts';

async function create(c: Change, id: string, kind: Kind, by: string): Promise<boolean> {
  if (!(await insertRoom(c.trx, { id, kind, name: null, by }))) return false;
  await c.recordFact('room.created', { room_id: id, kind, created_at: new Date().toISOString() });
  return true;
}

async function admitDirect(ctx: Context, id: string, { sender, fields: { recipient_id } }: Draft): Promise<void> {
  const people = [sender.user_id, recipient_id as string];
  await requirePeople(ctx, [recipient_id as string]);
  await change(ctx, id, async (c) => {
    // Otherwise the other user has just created it.
    if (!(await create(c, id, 'direct', sender.user_id))) return;
    await enterRoom(
      c,
      id,
      [...new Set(people)].map((user_id): NewMember => ({ user_id, role: 'member' })),
    );
  });
}

/** Also members come here, as long as the room has no owner: the first of them becomes it. */
async function admitToRoom(ctx: Context, id: string, users: string[]): Promise<void> {
  await change(ctx, id, async (c) => {
    await create(c, id, 'public', users[0] as string);
    const room = (await lockRoom(c.trx, id)) as RoomRow;
    if (room.deleted_at !== null || room.kind === 'direct') throw notFound('Room');
    const entering = room.kind === 'public' ? users : await membersAmong(c.trx, id, users);
    if (entering.length === 0) throw notFound('Room');
    await admit(c, room, entering);
  });
}

/**
 * Makes the senders members of the room that all `drafts` name. @throws when none of them may join.
 */
export async function admitSenders(ctx: Context, id: string, drafts: Draft[]): Promise<void> {
  const users = drafts.map(({ sender }) => sender.user_id);
  if (id === GENERAL) return await ensureGeneral(ctx, users);
  const direct = drafts.find(({ fields }) => fields.recipient_id !== null);
  await (direct === undefined ? admitToRoom(ctx, id, users) : admitDirect(ctx, id, direct));
}
