// A room as the app sees it: its windows (all messages, threads), and what the user did there.
import type { Message } from '../models.ts';
import type { Host } from './host.ts';
import { LocalChanges } from './local-changes.ts';
import { RoomActions } from './room-actions.ts';
import type { LoggedEvent } from './row.ts';
import type { Timeline } from './timeline.ts';
import type { WindowReader } from './window-reader.ts';

interface Window {
  readonly timeline: Timeline;
  readonly reader: WindowReader;
  changed(): void;
}

export class Conversation {
  readonly chatId: string;
  readonly host: Host;
  readonly local = new LocalChanges();
  readonly actions: RoomActions;
  readonly #windows: Window[] = [];

  constructor(host: Host, chatId: string) {
    this.chatId = chatId;
    this.host = host;
    this.actions = new RoomActions({
      host,
      chatId,
      local: this.local,
      change: (work) => this.changing(work),
      committed: (message) => this.#committed(message),
    });
  }

  add(window: Window): void {
    this.#windows.push(window);
  }

  /** `fromHistory`: a message that the log does not hold any more; a `resync` follows. */
  event(event: LoggedEvent, fromHistory: boolean): void {
    this.changing(() => {
      this.local.event(event);
      if (!fromHistory) for (const { timeline } of this.#windows) timeline.event(event);
    });
  }

  /** Asks for what is missing; after all events that have come, since they may bring it. */
  follow(): void {
    for (const { reader } of this.#windows) reader.follow();
  }

  /** Events up to `seq` will not come. */
  resync(seq: number): void {
    this.changing(() => {
      for (const { timeline } of this.#windows) timeline.resync(seq);
      this.local.resync(this.#windows.every(({ timeline }) => timeline.wants === undefined));
    });
    for (const { reader } of this.#windows) void reader.run();
  }

  /** There is a new connection or membership, which must continue from what is loaded. */
  reconnected(): void {
    for (const { timeline, reader } of this.#windows) {
      timeline.reconnected();
      void reader.run();
    }
  }

  /** Another user is logged in. */
  forget(): void {
    this.changing(() => {
      this.local.clear();
      for (const { timeline } of this.#windows) timeline.unload();
    });
    for (const { reader } of this.#windows) void reader.retry();
  }

  peopleChanged(): void {
    for (const window of this.#windows) window.changed();
  }

  /** How a message was delivered or read; not a part of the log. */
  status(messageId: string, status: Message['status']): void {
    this.changing(() => {
      for (const { timeline } of this.#windows) timeline.status(messageId, status);
    });
  }

  /** Runs `work` as one change of all windows. */
  changing(work: () => void): void {
    this.host.batch.run(() => {
      this.local.me = this.host.me();
      for (const { timeline } of this.#windows) timeline.me = this.local.me;
      work();
      this.local.settle(
        (id) => this.#find(id),
        (seq) => this.#shows(seq),
      );
      for (const window of this.#windows) window.changed();
    });
  }

  #find(id: string): Message | undefined {
    for (const { timeline } of this.#windows) {
      const row = timeline.rows.find(({ message }) => message.id === id);
      if (row !== undefined) return row.message;
    }
    return undefined;
  }

  #shows(seq: number): boolean {
    const loaded = this.#windows.filter(({ timeline }) => timeline.isLoaded);
    return loaded.length > 0 && loaded.every(({ timeline }) => timeline.shows(seq));
  }

  #committed({ seq }: Message): void {
    for (const { timeline } of this.#windows) timeline.committed(seq);
  }
}
