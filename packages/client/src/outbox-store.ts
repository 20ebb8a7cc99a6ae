// Storage of unsent messages, so that they survive a reload or an end of the app.
import { SafeKeep } from './local-keep.ts';
import type { Logger } from './logger.ts';

export interface StoredSend {
  client_id: string;
  /** The sender, if known: it is sent as no other user. */
  user_id?: string;
  /** The frame as JSON. */
  frame: string;
}

/** Any storage; calls may be sync or async. Tabs may share it, since repeats are harmless. */
export interface OutboxStore {
  /** In the order of `put`. */
  load(): StoredSend[] | Promise<StoredSend[]>;
  put(send: StoredSend): void | Promise<void>;
  remove(clientId: string): void | Promise<void>;
}

interface Numbered extends StoredSend {
  at: number;
}

/** Ignores entries that this package did not write. */
function numbered(text: string | undefined): Numbered | undefined {
  try {
    const send = JSON.parse(text as string) as Numbered;
    return typeof send.frame === 'string' && typeof send.client_id === 'string' ? send : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A store in the browser's `localStorage`, one key per message. Where storage is denied, it lasts
 * as long as the page.
 */
export function localOutbox(prefix = 'chatapi.outbox.', logger: Logger = console): OutboxStore {
  const keep = new SafeKeep(logger);
  let last = 0;
  return {
    load: () => {
      const sends = keep
        .keys(prefix)
        .flatMap((key) => numbered(keep.get(key)) ?? [])
        .sort((one, other) => one.at - other.at);
      // The calendar may have been set back.
      last = Math.max(last, sends.at(-1)?.at ?? 0);
      return sends;
    },
    put: (send) => {
      last = Math.max(last + 1, Date.now());
      keep.set(prefix + send.client_id, JSON.stringify({ ...send, at: last }));
    },
    remove: (clientId) => keep.set(prefix + clientId, undefined),
  };
}
