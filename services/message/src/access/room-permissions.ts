// Permission table: in a room of this kind, these memberships may do this. Outside of the table:
// who may send (sending/may-send.ts), that senders edit and delete their own messages and admins
// delete any (messages/edit-delete.ts), and that the last owner can't be demoted
// (rooms/members.ts).
import { AppError, notFound } from '@chatapi/kit';
import type { Role } from '@chatapi/kit/auth';
import { GENERAL } from './general-room-store.ts';

export type Kind = 'public' | 'private' | 'direct';
/** `stranger`: not a member. Some `room_updated` frames contain the value. */
export type Membership = 'owner' | 'moderator' | 'member' | 'stranger';
export type Action =
  | 'read'
  | 'post'
  | 'type'
  | 'join'
  | 'leave'
  | 'add_member'
  | 'remove_member'
  | 'remove_staff'
  | 'set_role'
  | 'rename'
  | 'moderate'
  | 'set_visibility'
  | 'archive'
  | 'delete_room'
  | 'delete_message';

const everyone: readonly Membership[] = ['owner', 'moderator', 'member', 'stranger'];
const members: readonly Membership[] = ['owner', 'moderator', 'member'];
const staff: readonly Membership[] = ['owner', 'moderator'];
const owners: readonly Membership[] = ['owner'];
const nobody: readonly Membership[] = [];

/** `general` is separate: a public room without an owner, which nobody leaves. */
export const PERMISSIONS: Readonly<Record<Action, Readonly<Record<Kind | 'general', readonly Membership[]>>>> = {
  read: { public: everyone, private: members, direct: members, general: everyone },
  /** Reactions ask this row. sending/may-send.ts follows it without a query of its own. */
  post: { public: everyone, private: members, direct: members, general: everyone },
  /** To be seen typing. */
  type: { public: members, private: members, direct: members, general: everyone },
  join: { public: everyone, private: members, direct: members, general: everyone },
  leave: { public: members, private: members, direct: nobody, general: nobody },
  add_member: { public: members, private: staff, direct: nobody, general: nobody },
  remove_member: { public: staff, private: staff, direct: nobody, general: nobody },
  remove_staff: { public: owners, private: owners, direct: nobody, general: nobody },
  set_role: { public: owners, private: owners, direct: nobody, general: nobody },
  rename: { public: staff, private: staff, direct: nobody, general: nobody },
  /** Mute and slow mode. For admins and global moderators see `mayModerate`. */
  moderate: { public: staff, private: staff, direct: nobody, general: nobody },
  set_visibility: { public: owners, private: owners, direct: nobody, general: nobody },
  archive: { public: owners, private: owners, direct: nobody, general: nobody },
  delete_room: { public: owners, private: owners, direct: nobody, general: nobody },
  delete_message: { public: staff, private: staff, direct: nobody, general: nobody },
};

export const may = (action: Action, kind: Kind, membership: Membership, roomId = ''): boolean =>
  PERMISSIONS[action][roomId === GENERAL ? 'general' : kind].includes(membership);

/** Room staff; admins in all rooms except direct ones; global moderators in rooms they may read. */
export function mayModerate(room: { id: string; kind: Kind }, membership: Membership, role: Role): boolean {
  if (may('moderate', room.kind, membership, room.id)) return true;
  if (room.kind === 'direct') return false;
  return role === 'admin' || (role === 'moderator' && may('read', room.kind, membership, room.id));
}

/** @throws AppError RESOURCE_NOT_FOUND without read permission, otherwise AUTHORIZATION_ERROR. */
export function requirePermission(action: Action, room: { id: string; kind: Kind }, membership: Membership): void {
  if (!may('read', room.kind, membership, room.id)) throw notFound('Room');
  if (!may(action, room.kind, membership, room.id))
    throw new AppError('AUTHORIZATION_ERROR', 'You may not do this in this room');
}
