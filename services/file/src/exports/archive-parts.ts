// Contents of a data export: everything that the services know of a user, page by page, and the
// bytes of the user's files.
import { Readable } from 'node:stream';
import type { Knex } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import { avatarBytes } from '../avatars/avatars.ts';
import { type FileRow, filesOfAfter } from '../file-store.ts';
import type { Storage } from '../storage/storage.ts';
import type { ExportRow } from './export-store.ts';
import type { ZipPart } from './zip.ts';

export interface ArchiveSources {
  db: Knex;
  storage: Storage;
  auth: ServiceClient;
  user: ServiceClient;
  message: ServiceClient;
  admin: ServiceClient;
}

const PAGE = 200;
const CALL_TIMEOUT_MS = 10_000;

const json = (path: string, value: unknown): ZipPart => ({
  path,
  bytes: Readable.from([`${JSON.stringify(value, null, 2)}\n`], { objectMode: false }),
  compress: true,
});

async function* arrayText(pages: AsyncIterable<unknown[]>): AsyncGenerator<string> {
  let before = '[\n';
  for await (const page of pages)
    for (const item of page) {
      yield `${before}${JSON.stringify(item)}`;
      before = ',\n';
    }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}

const list = (path: string, pages: AsyncIterable<unknown[]>): ZipPart => ({
  path,
  bytes: Readable.from(arrayText(pages), { objectMode: false }),
  compress: true,
});

interface Page {
  items: unknown[];
  /** null on the last page. */
  next: string | null;
}

async function* pagesOf(service: ServiceClient, userId: string, kind: string): AsyncGenerator<unknown[]> {
  for (let after: string | null = ''; after !== null; ) {
    const page: Page = await service.call('GET', `/internal/users/${encodeURIComponent(userId)}/export/${kind}`, {
      query: { after },
      timeoutMs: CALL_TIMEOUT_MS,
    });
    yield page.items;
    after = page.next;
  }
}

async function* filesOf({ db }: ArchiveSources, userId: string): AsyncGenerator<FileRow[]> {
  for (let after = ''; ; ) {
    const rows = await filesOfAfter(db, userId, after, PAGE);
    yield rows;
    if (rows.length < PAGE) return;
    after = (rows.at(-1) as FileRow).id;
  }
}

/** Without files that are in quarantine, infected, or deleted meanwhile. */
async function* bytesOf(from: ArchiveSources, userId: string): AsyncGenerator<ZipPart> {
  for await (const rows of filesOf(from, userId))
    for (const { id, filename, content_type, scan_status } of rows) {
      if (scan_status === 'pending' || scan_status === 'infected') continue;
      const bytes = await from.storage.read(id);
      if (bytes !== undefined)
        yield { path: `files/${id}-${filename}`, bytes, compress: content_type.startsWith('text/') };
    }
}

export async function* archiveParts(from: ArchiveSources, { user_id, created_at }: ExportRow): AsyncGenerator<ZipPart> {
  const path = `/internal/accounts/${encodeURIComponent(user_id)}`;
  const [account, { profiles }, { sessions }] = await Promise.all([
    from.auth.call<object>('GET', path),
    from.user.call<{ profiles: object[] }>('POST', '/internal/profiles', { body: { ids: [user_id] } }),
    from.auth.call<{ sessions: object[] }>('GET', `${path}/sessions`),
  ]);
  yield json('profile.json', { ...account, ...profiles[0], exported_at: created_at });
  yield json('sessions.json', sessions);
  for (const kind of ['rooms', 'messages', 'reactions'])
    yield list(`${kind}.json`, pagesOf(from.message, user_id, kind));
  yield list('reports.json', pagesOf(from.admin, user_id, 'reports'));
  yield list('files.json', filesOf(from, user_id));
  yield* avatarBytes(from, user_id);
  yield* bytesOf(from, user_id);
}
