// Owns: the table of who may do what in a room. Read it as: in a room of this kind, these may.
// Does not own: admins' right to delete any message (see deleteMessage), and whose role a role change touches (see members.ts).
import { AppError, notFound, type Role } from '@chatapi/kit';
import { GENERAL } from './general-store.ts';

export type Kind = 'public' | 'private' | 'direct';
/** `stranger`: not a member. */
export type Standing = 'owner' | 'moderator' | 'member' | 'stranger';
export type Action =
  | 'read'
  | 'post'
  | 'join'
  | 'leave'
  | 'add_member'
  | 'remove_member'
  | 'remove_staff'
  | 'set_role'
  | 'rename'
  | 'moderate'
  | 'set_visibility'
  | 'delete_room'
  | 'delete_message';

const everyone: readonly Standing[] = ['owner', 'moderator', 'member', 'stranger'];
const members: readonly Standing[] = ['owner', 'moderator', 'member'];
const staff: readonly Standing[] = ['owner', 'moderator'];
const owners: readonly Standing[] = ['owner'];
const nobody: readonly Standing[] = [];

/** `general` has a column of its own: it is public, owned by nobody, and everyone is in it for good. */
export const PERMISSIONS: Readonly<Record<Action, Readonly<Record<Kind | 'general', readonly Standing[]>>>> = {
  read: { public: everyone, private: members, direct: members, general: everyone },
  post: { public: everyone, private: members, direct: members, general: everyone },
  join: { public: everyone, private: members, direct: members, general: everyone },
  leave: { public: members, private: members, direct: nobody, general: nobody },
  add_member: { public: members, private: staff, direct: nobody, general: nobody },
  remove_member: { public: staff, private: staff, direct: nobody, general: nobody },
  remove_staff: { public: owners, private: owners, direct: nobody, general: nobody },
  set_role: { public: owners, private: owners, direct: nobody, general: nobody },
  rename: { public: staff, private: staff, direct: nobody, general: nobody },
  /** Mute, slow mode. The installation's own staff does so too: see `moderates`. */
  moderate: { public: staff, private: staff, direct: nobody, general: nobody },
  set_visibility: { public: owners, private: owners, direct: nobody, general: nobody },
  delete_room: { public: owners, private: owners, direct: nobody, general: nobody },
  delete_message: { public: staff, private: staff, direct: nobody, general: nobody },
};

export const may = (action: Action, kind: Kind, standing: Standing, roomId = ''): boolean =>
  PERMISSIONS[action][roomId === GENERAL ? 'general' : kind].includes(standing);

/** The room's staff; admins in any room but direct ones, moderators of the installation where they may read. */
export function moderates(room: { id: string; kind: Kind }, standing: Standing, role: Role): boolean {
  if (may('moderate', room.kind, standing, room.id)) return true;
  if (room.kind === 'direct') return false;
  return role === 'admin' || (role === 'moderator' && may('read', room.kind, standing, room.id));
}

/** @throws AppError RESOURCE_NOT_FOUND when the room may not be known to them, AUTHORIZATION_ERROR when it may but this may not be done. */
export function demand(action: Action, room: { id: string; kind: Kind }, standing: Standing): void {
  if (!may('read', room.kind, standing, room.id)) throw notFound('Room');
  if (!may(action, room.kind, standing, room.id))
    throw new AppError('AUTHORIZATION_ERROR', 'You may not do this in this room');
}
