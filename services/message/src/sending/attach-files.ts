// Attachments of a draft: a snapshot of the files' metadata, which the message keeps.
import { AppError, toAppError } from '@chatapi/kit';
import { filePath } from '@chatapi/kit/auth';
import type { Context } from '../context.ts';
import type { StoredAttachment } from '../log/message.ts';
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
}: FileInfo): StoredAttachment => ({
  id,
  filename,
  content_type,
  size,
  sha256,
  description,
  url: filePath(id, 'content'),
  thumbnail_url: has_thumbnail ? filePath(id, 'thumbnail') : null,
});

interface Found {
  files: FileInfo[];
  /** Absent in responses of older instances of the file service. */
  readable?: string[];
}

/** Does not reveal files that the sender may not read. */
function refused(missing: string[], readable: string[]): AppError {
  const unknown = missing.filter((id) => !readable.includes(id));
  const [code, message] =
    unknown.length > 0
      ? (['RESOURCE_NOT_FOUND', `No such file: ${unknown.join(', ')}`] as const)
      : (['AUTHORIZATION_ERROR', `Only its uploader may attach a file: ${missing.join(', ')}`] as const);
  return new AppError(code, message, { details: { fields: [{ path: 'attachments', message }] } });
}

async function snapshot(ctx: Context, draft: Draft): Promise<Draft | AppError> {
  try {
    const body = { ids: draft.file_ids, user_id: draft.sender.user_id };
    const { files, readable = [] } = await ctx.file.call<Found>('POST', '/internal/files/by-ids', { body });
    const byId = new Map(files.map((file) => [file.id, file]));
    const missing = draft.file_ids.filter((id) => !byId.has(id));
    if (missing.length > 0) return refused(missing, readable);
    draft.fields.attachments = draft.file_ids.map((id) => attachment(byId.get(id) as FileInfo));
    return draft;
  } catch (error) {
    return toAppError(error);
  }
}

/** Fills in the attachments, in place. Awaits nothing when no draft has any. */
export async function snapshotFiles(ctx: Context, drafts: (Draft | AppError)[]): Promise<(Draft | AppError)[]> {
  if (drafts.every((draft) => draft instanceof AppError || draft.file_ids.length === 0)) return drafts;
  return await Promise.all(
    drafts.map((draft) => (draft instanceof AppError || draft.file_ids.length === 0 ? draft : snapshot(ctx, draft))),
  );
}
