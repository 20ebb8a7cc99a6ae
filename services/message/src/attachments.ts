// Owns: file ids of a draft → the snapshot of those files that its message bears for ever.
import { AppError, type FileLinks, filePath, invalidField, toAppError } from '@chatapi/kit';
import type { Context } from './context.ts';
import type { Attachment } from './frames.ts';
import type { Draft } from './send-body.ts';

interface FileInfo {
  id: string;
  filename: string;
  content_type: string;
  size: number;
  sha256: string;
  description: string | null;
  has_thumbnail: boolean;
}

const attachment = ({
  id,
  filename,
  content_type,
  size,
  sha256,
  description,
  has_thumbnail,
}: FileInfo): Attachment => ({
  id,
  filename,
  content_type,
  size,
  sha256,
  description,
  url: filePath(id, 'content'),
  thumbnail_url: has_thumbnail ? filePath(id, 'thumbnail') : null,
});

/** As this user sees them: with URLs that work in an `<img>` until they expire. GET /files/{id} gives fresh ones. */
export const signed = (links: FileLinks, attachments: Attachment[], holder: string): Attachment[] =>
  attachments.map((one) => {
    const { url, expires_at } = links.sign(one.id, 'content', holder);
    const thumbnail_url = one.thumbnail_url === null ? null : links.sign(one.id, 'thumbnail', holder).url;
    return { ...one, url, url_expires_at: expires_at.toISOString(), thumbnail_url };
  });

async function snapshot(ctx: Context, draft: Draft): Promise<Draft | AppError> {
  try {
    const body = { ids: draft.file_ids, user_id: draft.sender.user_id };
    const { files } = await ctx.file.call<{ files: FileInfo[] }>('POST', '/internal/files/by-ids', { body });
    const byId = new Map(files.map((file) => [file.id, file]));
    const missing = draft.file_ids.filter((id) => !byId.has(id));
    if (missing.length > 0) return invalidField('attachments', `No such file: ${missing.join(', ')}`);
    draft.attachments = draft.file_ids.map((id) => attachment(byId.get(id) as FileInfo));
    return draft;
  } catch (error) {
    return toAppError(error);
  }
}

/** Fills in the attachments, in place; without any in the list nothing is awaited. */
export async function snapshotFiles(ctx: Context, drafts: (Draft | AppError)[]): Promise<(Draft | AppError)[]> {
  if (drafts.every((draft) => draft instanceof AppError || draft.file_ids.length === 0)) return drafts;
  return await Promise.all(
    drafts.map((draft) => (draft instanceof AppError || draft.file_ids.length === 0 ? draft : snapshot(ctx, draft))),
  );
}
