// The user's rooms as the log says, from pages of rooms and events. Pure.
import type { Message, Room } from '../models.ts';
import { applied, type LoggedEvent, rowOf } from './row.ts';

export interface ReadPosition {
  chat_id: string;
  read_seq: number;
  unread_count: number;
  /** As of which `unread_count` is; missing for a position that was set here. */
  last_seq?: number;
}

export class RoomList {
  readonly rooms = new Map<string, Room>();
  me: string | undefined;
  /** Rooms that must be read again: their counts cannot be told from the events. */
  readonly #stale = new Set<string>();
  /** The events of rooms that are being read. */
  readonly #recent = new Map<string, LoggedEvent[]>();

  /** Latest activity first. */
  sorted(): Room[] {
    return [...this.rooms.values()].sort(
      (one, other) => compare(activityOf(other), activityOf(one)) || compare(one.chat_id, other.chat_id),
    );
  }

  /** A room as it is after the event `last_seq`. */
  learn(room: Room): void {
    const known = this.rooms.get(room.chat_id);
    const recent = this.#recent.get(room.chat_id);
    this.#recent.delete(room.chat_id);
    if (known !== undefined && known.last_seq > room.last_seq && recent === undefined) return;
    const read_seq = Math.max(room.read_seq, known?.read_seq ?? 0);
    const next = read_seq > room.read_seq ? readUpTo(room, read_seq, known?.unread_count) : room;
    this.rooms.set(
      room.chat_id,
      (recent ?? []).reduce((now, event) => this.#next(now, event), next),
    );
  }

  /** The list was read to its end: `ids` are all rooms that there are. */
  only(ids: ReadonlySet<string>): void {
    for (const id of this.rooms.keys()) if (!ids.has(id)) this.rooms.delete(id);
  }

  event(event: LoggedEvent): void {
    this.#recent.get(event.chat_id)?.push(event);
    const room = this.rooms.get(event.chat_id);
    const isMine = 'user_id' in event && event.user_id === this.me;
    if (event.type === 'member_joined' && isMine && room === undefined) this.outdated(event.chat_id);
    if (room === undefined || event.seq <= room.last_seq) return;
    if (event.type === 'member_left' && isMine) this.remove(event.chat_id);
    else this.rooms.set(room.chat_id, this.#next(room, event));
  }

  /** A position of the user moved, here or on another device. */
  read({ chat_id, read_seq, unread_count, last_seq }: ReadPosition): void {
    const room = this.rooms.get(chat_id);
    if (room === undefined || read_seq < room.read_seq) return;
    const next = readUpTo(room, read_seq, unread_count);
    this.rooms.set(chat_id, next);
    // Events between the two would be counted twice, or not at all.
    if (next.unread_count > 0 && last_seq !== undefined && last_seq !== room.last_seq) this.outdated(chat_id);
  }

  remove(chatId: string): void {
    this.rooms.delete(chatId);
    this.#stale.delete(chatId);
  }

  outdated(chatId: string): void {
    this.#stale.add(chatId);
  }

  /** Rooms to read, each followed by `learn` or `unread`. */
  takeStale(): string[] {
    const ids = [...this.#stale];
    this.#stale.clear();
    for (const id of ids) this.#recent.set(id, []);
    return ids;
  }

  get hasStale(): boolean {
    return this.#stale.size > 0;
  }

  clear(): void {
    this.rooms.clear();
    this.#stale.clear();
    this.#recent.clear();
  }

  /** It could not be read. */
  unread(chatId: string): void {
    this.#recent.delete(chatId);
  }

  #next(room: Room, event: LoggedEvent): Room {
    if (event.seq <= room.last_seq) return room;
    const next = { ...room, last_seq: event.seq, last_message: this.#lastOf(room.last_message, event) };
    switch (event.type) {
      case 'message':
        return { ...next, unread_count: room.unread_count + (event.sender_id === this.me || event.is_deleted ? 0 : 1) };
      case 'message_deleted':
        // Whose it was, and whether it was read, the event does not say.
        if (room.unread_count > 0) this.outdated(room.chat_id);
        return next;
      case 'member_joined':
        return { ...next, member_count: room.member_count + 1 };
      case 'member_left':
        return { ...next, member_count: Math.max(0, room.member_count - 1) };
      case 'room_updated': {
        const { type: _, seq: __, member, ...changes } = event;
        return { ...next, ...changes, role: member?.user_id === this.me && member ? member.role : room.role };
      }
      default:
        return next;
    }
  }

  #lastOf(last: Message | null, event: LoggedEvent): Message | null {
    if (event.type === 'message') return rowOf(event).message;
    return last && applied({ message: last, asOf: last.seq }, event, this.me).message;
  }
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

const activityOf = ({ last_message, created_at }: Room): string => last_message?.created_at ?? created_at;

/** `unread`: what is left, if it is known. */
function readUpTo(room: Room, read_seq: number, unread = room.unread_count): Room {
  const isAll = read_seq >= (room.last_message?.seq ?? 0);
  return { ...room, read_seq, unread_count: isAll ? 0 : unread };
}
