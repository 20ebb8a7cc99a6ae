// Whether a user may send to a room: the row `post` of access/room-permissions.ts, and mutes. Edits
// and deletes: messages/edit-delete.ts.
import { type AppError, invalidField, notFound } from '@chatapi/kit';
import { archivedError } from '../access/archive.ts';
import { recipientDeletedError } from '../access/erased-peer.ts';
import { mutedError } from '../access/mute-check.ts';
import { RESERVED_PREFIX, RESERVED_WORDS } from '../access/reserved-room-ids.ts';
import type { SenderState } from './insert-store.ts';
import type { Draft } from './send-body.ts';

/** Why a first post can't create the public room with this id. */
function refusalToCreate(id: string): AppError | undefined {
  if (RESERVED_PREFIX.test(id)) return notFound('Room');
  return RESERVED_WORDS.includes(id) ? invalidField('chat_id', 'chat_id must not be a reserved word') : undefined;
}

/** Why this sender can't post here; `undefined` also for those who may be admitted first. */
export function refusal(draft: Draft, state: SenderState): AppError | undefined {
  const { kind, deleted, member, muted_until, archived, recipient_deleted } = state;
  if (draft.blocked !== undefined) return draft.blocked;
  if (deleted) return notFound('Room');
  if (kind === null) return draft.fields.recipient_id === null ? refusalToCreate(draft.room_id) : undefined;
  if (!member && kind !== 'public') return notFound('Room');
  if (recipient_deleted) return recipientDeletedError();
  if (archived && draft.sender.role !== 'admin') return archivedError();
  return muted_until === null ? undefined : mutedError(muted_until);
}
