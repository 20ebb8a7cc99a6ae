// A connection as an app sees it that shows the stores of `@chatapi/client/state`: the view has
// what is shown, not the events.
import { createHash } from 'node:crypto';
import type { ChatClient, Message } from '@chatapi/client';
import { type Live, live, type MessageView } from '@chatapi/client/state';

const MAX_BREAKS = 5;

interface Place {
  chat_id: string;
  content: string;
  custom?: Record<string, unknown>;
}

export interface StoresConnection {
  ready(): Promise<void>;
  say(place: Place): Promise<Message>;
  report(withEntries: boolean): object;
  close(): Promise<void>;
}

/** What is shown of a room, checked at each change. */
class Shown {
  readonly breaks: [number, number][] = [];
  #rows: readonly MessageView[] = [];

  take(messages: readonly MessageView[]): void {
    this.#rows = messages.filter(({ local }) => local === undefined);
    for (const [i, { seq }] of this.#rows.entries()) {
      const before = this.#rows[i - 1]?.seq ?? 0;
      if (seq <= before && this.breaks.length < MAX_BREAKS) this.breaks.push([before, seq]);
    }
  }

  report(withEntries: boolean): object {
    const digest = createHash('sha256');
    for (const { seq, id } of this.#rows) digest.update(`${seq} ${id}\n`);
    const entries = this.#rows.map(({ seq, id, content, mentions, custom = null }) => [
      seq,
      'message',
      id,
      content,
      mentions,
      custom,
    ]);
    return {
      first: this.#rows[0]?.seq ?? 1,
      last: this.#rows.at(-1)?.seq ?? 0,
      breaks: this.breaks,
      digest: digest.digest('hex'),
      ...(withEntries ? { entries } : {}),
    };
  }
}

/** Settles with the store's first snapshot for which `wanted` returns something or throws. */
const first = <T, U>(
  store: { subscribe(listener: (value: T) => void): () => void },
  wanted: (value: T) => U | undefined,
): Promise<U> =>
  new Promise((resolve, reject) => {
    let isSettled = false;
    const stop = store.subscribe((value) => {
      if (isSettled) return;
      try {
        const found = wanted(value);
        if (found === undefined) return;
        resolve(found);
      } catch (error) {
        reject(error);
      }
      isSettled = true;
      queueMicrotask(() => stop());
    });
  });

export function connectStores(client: ChatClient): StoresConnection {
  const chat: Live = live(client);
  const shown = new Map<string, Shown>();
  const states: { state: string; code: null }[] = [];
  chat.connection().subscribe(({ state }) => states.push({ state, code: null }));
  chat.rooms().subscribe(({ rooms }) => {
    for (const { chat_id } of rooms) {
      if (shown.has(chat_id)) continue;
      const room = new Shown();
      shown.set(chat_id, room);
      chat.room(chat_id).subscribe(({ messages }) => room.take(messages));
    }
  });
  return {
    ready: () =>
      first(chat.connection(), ({ state }) => (state === 'connected' ? true : undefined)).then(() => undefined),
    say: async ({ chat_id, ...input }) => {
      const room = chat.room(chat_id);
      const client_id = room.send(input);
      return first(room, ({ messages }) => {
        const found = messages.find((message) => message.client_id === client_id);
        if (found?.local?.state === 'failed') throw found.local.error;
        return found?.local === undefined ? found : undefined;
      });
    },
    report: (withEntries) => ({
      state: states.at(-1)?.state,
      states,
      resyncs: [],
      errors: [],
      told: [],
      rooms: Object.fromEntries([...shown].map(([chat_id, room]) => [chat_id, room.report(withEntries)])),
    }),
    close: () => chat.close(),
  };
}
