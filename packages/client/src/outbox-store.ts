// Owns: where messages on their way are kept so that a reload, or an app that was ended, does not lose them.
import { type Keep, localKeep } from './platform.ts';

export interface StoredSend {
  client_id: string;
  /** Whose message it is, as far as that was known: it is sent in no other name. */
  user_id?: string;
  /** The frame, as text. */
  frame: string;
}

/** Any place that keeps: each call may answer at once or later. Tabs may share it, since a repeat does no harm. */
export interface OutboxStore {
  /** In the order in which they were put. */
  load(): StoredSend[] | Promise<StoredSend[]>;
  put(send: StoredSend): void | Promise<void>;
  remove(clientId: string): void | Promise<void>;
}

interface Numbered extends StoredSend {
  at: number;
}

/** What somebody else has written there keeps nothing from being sent. */
function numbered(text: string | null): Numbered | undefined {
  try {
    const send = JSON.parse(text as string) as Numbered;
    return typeof send.frame === 'string' ? send : undefined;
  } catch {
    return undefined;
  }
}

function keysOf(keep: Keep, prefix: string): string[] {
  const keys: string[] = [];
  for (let i = 0; i < keep.length; i++) keys.push(keep.key(i) as string);
  return keys.filter((key) => key.startsWith(prefix));
}

/** A store in the browser's `localStorage`, a key a message. */
export function localOutbox(prefix = 'chatapi.outbox.'): OutboxStore {
  const keep = localKeep();
  let last = 0;
  return {
    load: () => {
      const sends = keysOf(keep, prefix)
        .flatMap((key) => numbered(keep.getItem(key)) ?? [])
        .sort((one, other) => one.at - other.at);
      // The calendar may have been set back since.
      last = Math.max(last, sends.at(-1)?.at ?? 0);
      return sends;
    },
    put: (send) => {
      last = Math.max(last + 1, Date.now());
      keep.setItem(prefix + send.client_id, JSON.stringify({ ...send, at: last }));
    },
    remove: (clientId) => keep.removeItem(prefix + clientId),
  };
}
