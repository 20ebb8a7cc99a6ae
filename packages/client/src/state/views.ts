// What the stores show: messages with their senders. Pure, and stable: what has not changed is the
// same object as before.
import type { ChatApiError } from '../errors.ts';
import type { Message, Room } from '../models.ts';
import type { LocalChanges, LocalSend } from './local-changes.ts';
import type { UserView } from './people.ts';
import type { Row } from './row.ts';

/** A message of the app's own that is on its way, or was refused. */
export interface LocalView {
  readonly state: LocalSend['state'];
  /** Why it failed. */
  readonly error?: ChatApiError;
  /** Of its uploads, in bytes. */
  readonly progress?: { readonly sent: number; readonly total?: number };
}

export interface MessageView extends Message {
  /** The same before and after it was sent: for lists of components. */
  readonly key: string;
  /** undefined until it is known. */
  readonly sender: UserView | undefined;
  /** Only while it is not in the room's log. */
  readonly local?: LocalView;
}

export interface RoomView extends Room {
  /** The other user of a direct room, once known. */
  readonly recipient?: UserView;
}

interface Seen<T> {
  view: T;
  from: readonly unknown[];
}

/** Remembers the view of each source object with what it was made from. */
class Memo<T> {
  readonly #seen = new WeakMap<object, Seen<T>>();

  get(source: object, from: readonly unknown[], make: () => T): T {
    const seen = this.#seen.get(source);
    if (seen?.from.every((part, i) => part === from[i])) return seen.view;
    const view = make();
    this.#seen.set(source, { view, from });
    return view;
  }
}

type UserOf = (id: string) => UserView | undefined;

const keyOf = ({ id, sender_id, client_id }: Message): string =>
  client_id === undefined ? id : `${sender_id} ${client_id}`;

export class MessageViews {
  readonly #rows = new Memo<MessageView>();
  readonly #changed = new Memo<{ changes: unknown; message: Message }>();
  #last: readonly MessageView[] = [];

  /** @param sends shown after the rows. @returns the list of before if nothing changed. */
  list(rows: readonly Row[], sends: readonly LocalSend[], local: LocalChanges, userOf: UserOf): readonly MessageView[] {
    const next = [
      ...rows.map(({ message }) => this.#view(message, local, userOf(message.sender_id))),
      ...sends.map((send) => this.#sending(send, userOf(send.message.sender_id))),
    ];
    if (next.length !== this.#last.length || next.some((view, i) => view !== this.#last[i])) this.#last = next;
    return this.#last;
  }

  #view(message: Message, local: LocalChanges, sender: UserView | undefined): MessageView {
    const { changes } = local;
    const shown =
      changes.length === 0
        ? message
        : this.#changed.get(message, [changes], () => ({ changes, message: local.over(message) })).message;
    return this.#rows.get(shown, [sender], () => ({ ...shown, key: keyOf(shown), sender }));
  }

  #sending(send: LocalSend, sender: UserView | undefined): MessageView {
    const { message, state, error, progress } = send;
    return this.#rows.get(send, [sender], () => ({
      ...message,
      key: keyOf(message),
      sender,
      local: { state, error, progress },
    }));
  }
}

export class RoomViews {
  readonly #rooms = new Memo<RoomView>();

  view(room: Room, userOf: UserOf): RoomView {
    const recipient = room.recipient_id === undefined ? undefined : userOf(room.recipient_id);
    return this.#rooms.get(room, [recipient], () => ({ ...room, recipient }));
  }
}
