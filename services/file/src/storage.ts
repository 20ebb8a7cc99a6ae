// Owns: the port behind which bytes are kept. Keys are chosen by this service, never by a client.
import type { Readable } from 'node:stream';
import type { Config } from './config.ts';
import { openFolder } from './storage-folder.ts';

export interface StoredObject {
  key: string;
  modified_at: Date;
}

export interface Storage {
  /**
   * Keeps what `source` yields under `key`, durably, all or nothing: when `source` throws, nothing is left and the same
   * error comes out. The object is there only after `source` has ended by itself.
   */
  put(key: string, contentType: string, source: AsyncIterable<Uint8Array>): Promise<void>;
  /** Bytes `start` to `end` inclusive. @returns undefined when there is no such object. */
  read(key: string, span?: { start: number; end: number }): Promise<Readable | undefined>;
  has(key: string): Promise<boolean>;
  /** What is not there is no error. */
  remove(key: string): Promise<void>;
  list(): AsyncIterable<StoredObject>;
  /** Removes pieces of puts that made no progress for `idleMs` (their process died). @returns how many. */
  removeUnfinished(idleMs: number): Promise<number>;
  /** @throws when it can't be written to. */
  ready(): Promise<void>;
  close(): void;
}

export async function openStorage(config: Config): Promise<Storage> {
  const url = config.STORAGE_URL ?? config.UPLOAD_DIR;
  // Loaded only where it is used: the SDK takes tens of MiB.
  if (url.startsWith('s3://')) return (await import('./storage-s3.ts')).openS3(url, config);
  return openFolder(url.startsWith('file://') ? new URL(url) : url);
}
