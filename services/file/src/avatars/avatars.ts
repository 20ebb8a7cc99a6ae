// Avatars: public pictures under addresses that never show another one. The profile, in the user
// service, says which counts. A new one is stored and recorded first, then the profile is changed,
// then the replaced one is removed: whichever step fails, the profile's address works.
import type { IncomingMessage } from 'node:http';
import { AppError, newId, notFound, type RequestContext } from '@chatapi/kit';
import type { Caller } from '@chatapi/kit/auth';
import type { Context, Resources } from '../context.ts';
import { sendBytes } from '../downloads.ts';
import { isErased } from '../erasure-store.ts';
import { matches } from '../ranges.ts';
import { FORM_OVERHEAD, readForm } from '../uploads/multipart.ts';
import { tooLarge } from '../uploads/size-and-type-check.ts';
import { type Avatar, MAX_AVATAR_BYTES, readPicture, renderAvatar } from './avatar-image.ts';
import { type AvatarRow, avatarsOf, deleteAvatar, findAvatar, saveAvatar, settledAvatars } from './avatar-store.ts';

type Deps = Pick<Resources, 'db' | 'storage'>;

const keyOf = (id: string): string => `${id}.webp`;
const urlOf = ({ user_id, hash }: Pick<AvatarRow, 'user_id' | 'hash'>): string => `/avatars/${user_id}/${hash}`;

async function removeAvatar({ db, storage }: Deps, { id }: Pick<AvatarRow, 'id'>): Promise<void> {
  await deleteAvatar(db, id);
  await storage.remove(keyOf(id));
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** The bytes first, so that a record has bytes. What a crash leaves behind is swept as orphans. */
async function store(ctx: Context, user_id: string, { bytes, hash }: Avatar): Promise<void> {
  const id = newId('ava');
  await ctx.storage.put(keyOf(id), 'image/webp', once(bytes));
  const kept = await ctx.db.transaction(async (trx) => {
    if (await isErased(trx, user_id)) return undefined;
    return await saveAvatar(trx, { id, user_id, hash, size: bytes.length });
  });
  if (kept !== id) await ctx.storage.remove(keyOf(id));
  if (kept === undefined) throw new AppError('AUTHENTICATION_ERROR', 'This account was erased');
}

interface Changed {
  user: object;
  /** The address before. */
  replaced: string | null;
}

/** Changes the profile, and removes the avatar that it had. */
async function setInProfile(
  ctx: Context,
  { user_id }: Caller,
  avatar_url: string | null,
  request_id: string,
): Promise<object> {
  const { user, replaced } = await ctx.user.call<Changed>('POST', '/internal/avatars', {
    body: { user_id, avatar_url },
    request_id,
  });
  const old = (await avatarsOf(ctx.db, user_id)).find((row) => urlOf(row) === replaced && replaced !== avatar_url);
  if (old !== undefined) await removeAvatar(ctx, old);
  return user;
}

export async function putAvatar(
  ctx: Context,
  caller: Caller,
  req: IncomingMessage,
  request_id: string,
): Promise<object> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_AVATAR_BYTES + FORM_OVERHEAD) throw tooLarge(MAX_AVATAR_BYTES);
  const avatar = await renderAvatar(await readForm(req, readPicture));
  await store(ctx, caller.user_id, avatar);
  return await setInProfile(ctx, caller, urlOf({ user_id: caller.user_id, hash: avatar.hash }), request_id);
}

export const removeOwnAvatar = async (ctx: Context, caller: Caller, request_id: string): Promise<void> =>
  void (await setInProfile(ctx, caller, null, request_id));

export type AvatarCall = RequestContext<{ user_id: string; hash: string }, object>;

export async function downloadAvatar(ctx: Context, call: AvatarCall): Promise<void> {
  const { params, headers, res } = call;
  const row = await findAvatar(ctx.db, params.user_id, params.hash);
  if (row === undefined) throw notFound('Avatar');
  const etag = `"${row.hash}"`;
  const notModified = matches(headers['if-none-match'], etag);
  const source = notModified ? undefined : await ctx.storage.read(keyOf(row.id));
  if (!notModified && source === undefined) throw notFound('Avatar');
  res.set({
    'Content-Type': 'image/webp',
    'Content-Disposition': 'inline; filename="avatar.webp"',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Cache-Control': 'public, max-age=31536000, immutable',
    ETag: etag,
  });
  if (source === undefined) {
    res.status(304).end();
    return;
  }
  res.set('Content-Length', String(row.size));
  await sendBytes(ctx, call, source);
}

/** For the archive of a user. */
export async function* avatarBytes({ db, storage }: Deps, userId: string) {
  for (const { id, hash } of await avatarsOf(db, userId)) {
    const bytes = await storage.read(keyOf(id));
    if (bytes !== undefined) yield { path: `avatars/${hash}.webp`, bytes, compress: false };
  }
}

export async function eraseAvatars(o: Deps, userId: string): Promise<void> {
  for (const row of await avatarsOf(o.db, userId)) await removeAvatar(o, row);
}

/** A change may be on its way for so long. */
const SETTLED_S = 600;
const BATCH = 500;

/** Removes avatars that their profiles do not show, after crashes and for other pictures. */
export async function removeReplaced(o: Pick<Resources, 'db' | 'storage' | 'user'>): Promise<number> {
  let removed = 0;
  for (let after = ''; ; ) {
    const rows = await settledAvatars(o.db, after, SETTLED_S, BATCH);
    if (rows.length === 0) return removed;
    const ids = [...new Set(rows.map(({ user_id }) => user_id))];
    const { profiles } = await o.user.call<{ profiles: { user_id: string; avatar_url: string | null }[] }>(
      'POST',
      '/internal/profiles',
      { body: { ids } },
    );
    const shown = new Map(profiles.map(({ user_id, avatar_url }) => [user_id, avatar_url]));
    // Somebody whom the user service does not know may be new there: the erasure removes theirs.
    const replaced = rows.filter((row) => shown.has(row.user_id) && shown.get(row.user_id) !== urlOf(row));
    for (const row of replaced) await removeAvatar(o, row);
    removed += replaced.length;
    after = (rows.at(-1) as AvatarRow).id;
  }
}
