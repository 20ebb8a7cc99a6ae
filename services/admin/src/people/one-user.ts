// All that staff see of one user. Each service tells what it has; while one does not answer, its
// counts are unknown and the rest is shown.
import { encodeCursor, type IdPaging, type PageInfo, type Paging, type RequestContext } from '@chatapi/kit';
import type { ServiceClient } from '@chatapi/kit/rpc';
import type { Context } from '../context.ts';
import { countReportsOf } from '../report-store.ts';
import type { AdminRoom, RoomKey } from '../rooms.ts';
import type { AuthAccount } from '../user-view.ts';
import { accountPath } from '../users.ts';
import { type AdminUser, viewAdminUsers } from './admin-user.ts';

export interface OneUser extends AdminUser {
  counts: {
    rooms: number | null;
    messages: number | null;
    files: number | null;
    file_bytes: number | null;
    sessions: number | null;
    reports_about: number;
    reports_by: number;
  };
}

type UserCall<Q = unknown> = RequestContext<{ id: string }, Q>;

/** The page of a user must not wait for one of the services. */
const COUNTS_TIMEOUT_MS = 1000;

const userPath = (id: string, rest: string): string => `/internal/users/${encodeURIComponent(id)}${rest}`;

export async function readUser(ctx: Context, call: UserCall): Promise<OneUser> {
  const { params, caller, request_id } = call;
  const account = await ctx.auth.call<AuthAccount>('GET', accountPath(params.id), { request_id });
  const count = async <T extends object>(service: ServiceClient, path: string): Promise<Partial<T>> => {
    try {
      return await service.call<T>('GET', path, { request_id, timeoutMs: COUNTS_TIMEOUT_MS });
    } catch (err) {
      ctx.log.warn({ err: (err as Error).message, request_id }, 'a user is shown without some counts');
      return {};
    }
  };
  const [[user], reports, sessions, messages, files] = await Promise.all([
    viewAdminUsers(ctx, [account], caller.role, request_id),
    countReportsOf(ctx.db, params.id),
    count<{ sessions: number }>(ctx.auth, accountPath(params.id, '/session-count')),
    count<{ rooms: number; messages: number }>(ctx.message, userPath(params.id, '/counts')),
    count<{ total: number; bytes: number }>(ctx.file, userPath(params.id, '/file-totals')),
  ]);
  const counts = {
    rooms: messages.rooms ?? null,
    messages: messages.messages ?? null,
    files: files.total ?? null,
    file_bytes: files.bytes ?? null,
    sessions: sessions.sessions ?? null,
    reports_about: reports.about,
    reports_by: reports.by,
  };
  return { ...(user as AdminUser), counts };
}

export interface UserRoom extends AdminRoom {
  role: 'owner' | 'moderator' | 'member';
  joined_at: string;
}

/** As another service takes them in a query. */
export const pageQueryOf = <Q extends Paging>({ cursor, ...query }: Q) => ({
  ...query,
  cursor: cursor && encodeCursor(cursor),
});

/** @throws RESOURCE_NOT_FOUND */
const requireUser = async (ctx: Context, { params, request_id }: UserCall): Promise<void> =>
  void (await ctx.auth.call('GET', accountPath(params.id), { request_id }));

export async function roomsOfUser(
  ctx: Context,
  call: UserCall<Paging<RoomKey>>,
): Promise<{ rooms: UserRoom[] } & PageInfo> {
  await requireUser(ctx, call);
  const { params, query, request_id } = call;
  return await ctx.message.call('GET', userPath(params.id, '/rooms'), { query: pageQueryOf(query), request_id });
}

export interface UserSession {
  id: string;
  name: string | null;
  created_at: string;
  last_used_at: string;
  ip: string;
  user_agent: string;
}

export const sessionsOfUser = async (
  ctx: Context,
  { params, query, request_id }: UserCall<IdPaging>,
): Promise<{ sessions: UserSession[] } & PageInfo> =>
  await ctx.auth.call('GET', accountPath(params.id, '/session-page'), { query: pageQueryOf(query), request_id });

/** Without links: an admin who reads a file of somebody else is on record. */
export interface ListedFile {
  id: string;
  filename: string;
  content_type: string;
  size: number;
  sha256: string;
  description: string | null;
  uploaded_by: string;
  scan_status: 'off' | 'pending' | 'clean' | 'infected';
  scan_result: string | null;
  created_at: string;
}

/** The id, or in a list by size the size and the id. */
export type FileKey = readonly [string] | readonly [number, string];

export interface FileFilter extends Paging<FileKey> {
  sort: 'created' | 'size';
}

export async function filesOfUser(
  ctx: Context,
  call: UserCall<FileFilter>,
): Promise<{ files: ListedFile[] } & PageInfo> {
  await requireUser(ctx, call);
  const { params, query, request_id } = call;
  const filter = { ...pageQueryOf(query), uploaded_by: params.id };
  return await ctx.file.call('GET', '/internal/files', { query: filter, request_id });
}
