// Owns: what posting to a room makes on its way: the room itself on its first post, a public room's new member, a direct room.
import { notFound } from '@chatapi/kit';
import { type Change, change } from './change.ts';
import type { Context } from './context.ts';
import { enterRoom } from './enter.ts';
import { ensureGeneral } from './general.ts';
import { GENERAL } from './general-store.ts';
import type { MemberRole, NewMember } from './member-store.ts';
import { requirePeople } from './people.ts';
import type { Kind } from './permissions.ts';
import { insertRoom, lockRoom, type RoomRow } from './room-store.ts';
import type { Draft } from './send-body.ts';

const entering = (users: string[], role: MemberRole): NewMember[] =>
  [...new Set(users)].map((user_id) => ({ user_id, role }));

async function create(c: Change, id: string, kind: Kind, by: string): Promise<boolean> {
  if (!(await insertRoom(c.trx, { id, kind, name: null, by }))) return false;
  await c.tell('room.created', { room_id: id, kind, created_at: new Date().toISOString() });
  return true;
}

async function admitDirect(ctx: Context, id: string, { sender, recipient_id }: Draft): Promise<void> {
  const people = [sender.user_id, recipient_id as string];
  await requirePeople(ctx, [recipient_id as string]);
  await change(ctx, id, async (c) => {
    // If not, the other one made it a moment ago.
    if (await create(c, id, 'direct', sender.user_id)) await enterRoom(c, id, entering(people, 'member'));
  });
}

async function admitPublic(ctx: Context, id: string, users: string[]): Promise<void> {
  await change(ctx, id, async (c) => {
    const [first, ...others] = entering(users, 'member') as [NewMember, ...NewMember[]];
    const made = await create(c, id, 'public', first.user_id);
    const room = (await lockRoom(c.trx, id)) as RoomRow;
    if (room.deleted_at !== null || room.kind !== 'public') throw notFound('Room');
    const people: NewMember[] = [made ? { ...first, role: 'owner' } : first, ...others];
    await enterRoom(c, id, people);
  });
}

/** Lets the senders of these drafts into the room that all of them name. @throws when none of them may. */
export async function admitSenders(ctx: Context, id: string, drafts: Draft[]): Promise<void> {
  const users = drafts.map(({ sender }) => sender.user_id);
  if (id === GENERAL) return await ensureGeneral(ctx, users);
  const direct = drafts.find(({ recipient_id }) => recipient_id !== null);
  await (direct === undefined ? admitPublic(ctx, id, users) : admitDirect(ctx, id, direct));
}
