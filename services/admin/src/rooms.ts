// Rooms belong to the message service. Admins change them here, audited; moderators read.
import { encodeCursor, type PageInfo, type Paging, type RequestContext } from '@chatapi/kit';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';

type RoomKind = 'public' | 'private' | 'direct';

export interface AdminRoom {
  id: string;
  chat_id: string;
  kind: RoomKind;
  name: string | null;
  topic: string | null;
  visibility: 'public' | 'private';
  archived: boolean;
  slow_mode_seconds: number;
  member_count: number;
  last_seq: number;
  owner_ids: string[];
  created_at: string;
  updated_at: string;
  last_active_at: string;
}

/** Microseconds of the creation or of the last activity, and the id. */
export type RoomKey = readonly [number, string];

export interface RoomMember {
  user_id: string;
  username: string;
  display_name: string;
  kind: 'user' | 'bot';
  role: 'owner' | 'moderator' | 'member';
  joined_at: string;
  read_seq: number;
  muted_until: string | null;
}

/** Microseconds of the joining, and the user id. */
export type MemberKey = readonly [number, string];

export interface RoomFilter extends Paging<RoomKey> {
  sort: 'created' | 'active';
  search: string;
  kind?: RoomKind;
  archived?: boolean;
}

export interface RoomPatch {
  name?: string | null;
  topic?: string | null;
  visibility?: 'public' | 'private';
  archived?: boolean;
  owner_id?: string;
}

type RoomCall<B = unknown> = RequestContext<{ id: string }, Record<string, unknown>, B>;

const roomPath = (id: string): string => `/internal/rooms/${encodeURIComponent(id)}`;

export const listRooms = async (
  ctx: Context,
  { query, request_id }: RequestContext<Record<string, string>, RoomFilter>,
): Promise<{ rooms: AdminRoom[] } & PageInfo> =>
  await ctx.message.call('GET', '/internal/rooms', {
    query: { ...query, cursor: query.cursor && encodeCursor(query.cursor) },
    request_id,
  });

export const listMembers = async (
  ctx: Context,
  { params, query, request_id }: RequestContext<{ id: string }, Paging<MemberKey>>,
): Promise<{ members: RoomMember[] } & PageInfo> =>
  await ctx.message.call('GET', `${roomPath(params.id)}/members`, {
    query: { ...query, cursor: query.cursor && encodeCursor(query.cursor) },
    request_id,
  });

export const readRoom = async (ctx: Context, { params, request_id }: RoomCall): Promise<AdminRoom> =>
  await ctx.message.call('GET', roomPath(params.id), { request_id });

export async function changeRoom(ctx: Context, call: RoomCall<RoomPatch>): Promise<AdminRoom> {
  const { params, body, caller, request_id } = call;
  const act = { action: 'room.update', target_id: params.id, details: { ...body } };
  return await withAudit(ctx, call, act, () =>
    ctx.message.call<AdminRoom>('PUT', roomPath(params.id), {
      body: { ...body, actor_id: caller.user_id },
      request_id,
    }),
  );
}

export async function deleteRoom(ctx: Context, call: RoomCall): Promise<void> {
  const { params, request_id } = call;
  await withAudit(ctx, call, { action: 'room.delete', target_id: params.id }, () =>
    ctx.message.call('DELETE', roomPath(params.id), { request_id }),
  );
}
