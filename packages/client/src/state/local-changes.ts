// What the app's user did in a room that the server has not confirmed yet: messages on their way,
// edits, deletions and reactions. They are shown at once, and taken back when they are refused.
// Pure.
import type { ChatApiError } from '../errors.ts';
import type { Message } from '../models.ts';
import { type LoggedEvent, type MessageText, reacted, tombstone } from './row.ts';

export interface LocalSend {
  readonly message: Message;
  readonly client_id: string;
  /** `sent`: committed, its event has not arrived yet. */
  readonly state: 'uploading' | 'sending' | 'sent' | 'failed';
  readonly error?: ChatApiError;
  /** Of uploads, in bytes. */
  readonly progress?: { readonly sent: number; readonly total?: number };
}

export type Change =
  /** `edited`: what it makes of a message. */
  | { kind: 'edit'; edited(text: MessageText): MessageText }
  | { kind: 'delete' }
  | { kind: 'react'; emoji: string; action: 'added' | 'removed' };

export interface LocalChange {
  readonly message_id: string;
  change: Change;
  /** The server has taken it; its event may still be on its way. */
  isDone: boolean;
  /** Its event may be among those that will not come. */
  isLost: boolean;
  /** Its event, or what may be its event, has arrived: the texts that edits made, else ''. */
  readonly seen: Set<string>;
}

/** Spellings of an emoji with and without the variation selector are one. */
const plain = (emoji: string): string => emoji.replaceAll('\uFE0F', '');

/** @returns the same list if none of it is gone. */
const without = <T>(list: readonly T[], isGone: (one: T, at: number) => boolean): readonly T[] =>
  list.some(isGone) ? list.filter((one, at) => !isGone(one, at)) : list;

const textOf = ({ content, custom = {} }: MessageText): string => JSON.stringify([content, custom]);

const sameThing = (one: Change, other: Change): boolean =>
  one.kind === 'react' && other.kind === 'react' ? plain(one.emoji) === plain(other.emoji) : one.kind === other.kind;

export class LocalChanges {
  sends: readonly LocalSend[] = [];
  changes: readonly LocalChange[] = [];
  me: string | undefined;

  add(send: LocalSend): void {
    this.sends = [...this.sends, send];
  }

  patch(clientId: string, patch: Partial<LocalSend>): void {
    this.sends = this.sends.map((send) => (send.client_id === clientId ? { ...send, ...patch } : send));
  }

  remove(clientId: string): void {
    this.sends = this.sends.filter(({ client_id }) => client_id !== clientId);
  }

  find(clientId: string): LocalSend | undefined {
    return this.sends.find(({ client_id }) => client_id === clientId);
  }

  /** These are in the log, so they are shown from there. */
  arrived(messages: readonly Message[]): void {
    const isThere = (send: LocalSend): boolean =>
      messages.some(
        ({ id, sender_id, client_id }) =>
          id === send.message.id || (client_id === send.client_id && (this.me ?? sender_id) === sender_id),
      );
    this.sends = without(this.sends, isThere);
  }

  clear(): void {
    this.sends = [];
    this.changes = [];
  }

  event(event: LoggedEvent): void {
    if (event.type === 'message') this.arrived([event]);
    else if (event.type === 'message_updated' || event.type === 'reaction')
      for (const { message_id, change, seen } of this.changes) {
        if (message_id !== event.message_id) continue;
        if (event.type === 'message_updated') seen.add(textOf(event));
        else if (change.kind === 'react' && event.user_id === this.me && plain(event.emoji) === plain(change.emoji))
          seen.add('');
      }
  }

  change(message_id: string, change: Change): LocalChange {
    const made = { message_id, change, isDone: false, isLost: false, seen: new Set<string>() };
    this.changes = [...this.changes, made];
    return made;
  }

  /** `text`: of an edit, as the server has it. */
  confirm(change: LocalChange, text?: MessageText): void {
    change.isDone = true;
    if (change.change.kind === 'edit' && text) change.change = { kind: 'edit', edited: () => text };
    this.changes = this.changes.filter((other) => other !== change || !change.isLost);
  }

  /**
   * Some events will not come; those of these changes may be among them.
   * `isShown`: what they did is in the pages that are loaded.
   */
  resync(isShown: boolean): void {
    for (const change of this.changes) change.isLost = true;
    if (isShown) this.changes = this.changes.filter(({ isDone }) => !isDone);
  }

  /** Changes that every page shows which is asked for from now on. */
  confirmed(): readonly LocalChange[] {
    return this.changes.filter(({ isDone }) => isDone);
  }

  /** A page has arrived that was asked for when `confirmed` were. */
  shownBy(items: readonly Message[], confirmed: readonly LocalChange[]): void {
    this.arrived(items);
    const isShown = (change: LocalChange): boolean =>
      confirmed.includes(change) && items.some(({ id }) => id === change.message_id);
    this.changes = without(this.changes, isShown);
  }

  undo(change: LocalChange): void {
    this.changes = this.changes.filter((other) => other !== change);
  }

  /**
   * Forgets what the log shows. `find`: a message as the log has it. `shows`: whether an event is
   * shown.
   */
  settle(find: (id: string) => Message | undefined, shows: (seq: number) => boolean): void {
    const isThere = ({ state, message }: LocalSend): boolean => state === 'sent' && shows(message.seq);
    this.sends = without(this.sends, isThere);
    const isOver = (one: LocalChange, at: number): boolean => {
      if (!one.isDone) return false;
      const message = find(one.message_id);
      if (message === undefined) return true;
      const { change, seen } = one;
      const isSeen = seen.has(change.kind === 'edit' ? textOf(change.edited(message)) : '');
      return isSeen || this.#isIn(message, change) || this.#isUndone(one, at);
    };
    this.changes = without(this.changes, isOver);
  }

  /** The message with the changes on their way; the same object if there are none. */
  over(message: Message): Message {
    let shown = message;
    for (const { message_id, change } of this.changes)
      if (message_id === message.id && !this.#isIn(shown, change)) shown = this.#changed(shown, change);
    return shown;
  }

  /** Another one of the same thing has been confirmed since. */
  #isUndone({ message_id, change }: LocalChange, at: number): boolean {
    return this.changes
      .slice(at + 1)
      .some((later) => later.isDone && later.message_id === message_id && sameThing(later.change, change));
  }

  #isIn(message: Message, change: Change): boolean {
    if (message.is_deleted || change.kind === 'delete') return message.is_deleted;
    if (change.kind === 'edit') return textOf(message) === textOf(change.edited(message));
    return this.#reacted(message, change.emoji) === (change.action === 'added');
  }

  #reacted({ reactions }: Message, emoji: string): boolean {
    return reactions.some((one) => plain(one.emoji) === plain(emoji) && (one.me || this.#isOf(one.user_ids)));
  }

  #isOf(ids: readonly string[]): boolean {
    return this.me !== undefined && ids.includes(this.me);
  }

  #changed(message: Message, change: Change): Message {
    if (change.kind === 'delete') return tombstone(message);
    if (change.kind === 'edit') return { ...message, ...change.edited(message), is_edited: true };
    const known = message.reactions.find(({ emoji }) => plain(emoji) === plain(change.emoji));
    const { action } = change;
    return reacted(message, { user_id: this.me ?? '', emoji: known?.emoji ?? change.emoji, action }, this.me);
  }
}
