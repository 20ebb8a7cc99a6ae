import type { Config } from '../config.ts';
import { createFolderStorage } from './folder-storage.ts';
import type { Storage } from './storage.ts';

export async function createStorage(config: Config): Promise<Storage> {
  const url = config.STORAGE_URL ?? config.UPLOAD_DIR;
  // Loaded only when used: the AWS SDK takes tens of MiB of memory.
  if (url.startsWith('s3://')) return (await import('./s3-storage.ts')).createS3Storage(url, config);
  return createFolderStorage(url.startsWith('file://') ? new URL(url) : url);
}
