// Storage in a folder: files are written to tmp/, synced and renamed. Several instances may share
// it (NFS, a mounted volume).
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Storage, StoredObject } from './storage.ts';

const absent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
const orUndefined = (error: unknown): undefined => {
  if (absent(error)) return undefined;
  throw error;
};

// A rename is durable only after the folder is synced.
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  await folder.sync().finally(() => folder.close());
}

async function writeAll(handle: FileHandle, source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of source) await handle.writeFile(chunk);
  await handle.sync();
}

async function* objectsIn(root: string): AsyncGenerator<StoredObject> {
  for await (const folder of await opendir(root)) {
    if (!folder.isDirectory() || folder.name === 'tmp') continue;
    for await (const entry of await opendir(join(root, folder.name))) {
      const found = await stat(join(root, folder.name, entry.name)).catch(orUndefined);
      if (found?.isFile()) yield { key: entry.name, modified_at: found.mtime };
    }
  }
}

async function removeIdle(tmp: string, idleMs: number): Promise<number> {
  let removed = 0;
  for await (const entry of await opendir(tmp)) {
    const path = join(tmp, entry.name);
    const found = await stat(path).catch(orUndefined);
    if (found === undefined || Date.now() - found.mtimeMs < idleMs) continue;
    await rm(path, { force: true });
    removed++;
  }
  return removed;
}

async function openForReading(path: string, span?: { start: number; end: number }): Promise<Readable | undefined> {
  // Open it first, so that a missing file is no error in mid-stream.
  const handle = await open(path, 'r').catch(orUndefined);
  return handle === undefined ? undefined : handle.createReadStream(span);
}

export async function createFolderStorage(folder: string | URL): Promise<Storage> {
  const root = resolve(typeof folder === 'string' ? folder : fileURLToPath(folder));
  const tmp = join(root, 'tmp');
  // Ids grow with time; their last characters spread them evenly over 256 folders.
  const pathOf = (key: string): string => join(root, (/([0-9a-f]{2})(?:\.|$)/.exec(key)?.[1] ?? '00') as string, key);
  await mkdir(tmp, { recursive: true });

  return {
    async put(key, _contentType, source) {
      const part = join(tmp, `${key}.${randomBytes(6).toString('hex')}`);
      const handle = await open(part, 'wx', 0o640);
      try {
        await writeAll(handle, source).finally(() => handle.close());
        const path = pathOf(key);
        if ((await mkdir(dirname(path), { recursive: true })) !== undefined) await syncFolder(root);
        await rename(part, path);
        await syncFolder(dirname(path));
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },
    read: (key, span) => openForReading(pathOf(key), span),
    has: async (key) => (await stat(pathOf(key)).catch(orUndefined)) !== undefined,
    remove: (key) => rm(pathOf(key), { force: true }),
    list: () => objectsIn(root),
    removeUnfinished: (idleMs) => removeIdle(tmp, idleMs),
    ready: () => access(tmp, constants.W_OK),
    close: () => undefined,
  };
}
