// Interface of the storage of bytes. This service chooses the keys, never a client.
import type { Readable } from 'node:stream';

export interface StoredObject {
  key: string;
  modified_at: Date;
}

export interface Storage {
  /**
   * Stores the bytes of `source` under `key`, durably and atomically: the object appears after
   * `source` has ended. @throws the error of `source`; nothing is left then.
   */
  put(key: string, contentType: string, source: AsyncIterable<Uint8Array>): Promise<void>;
  /** Bytes `start` to `end` inclusive. @returns undefined when there is no such object. */
  read(key: string, span?: { start: number; end: number }): Promise<Readable | undefined>;
  has(key: string): Promise<boolean>;
  /** A missing object is no error. */
  remove(key: string): Promise<void>;
  list(): AsyncIterable<StoredObject>;
  /** Removes unfinished puts without progress for `idleMs` (dead processes). @returns how many. */
  removeUnfinished(idleMs: number): Promise<number>;
  /** @throws when the storage is not writable. */
  ready(): Promise<void>;
  close(): void;
}
