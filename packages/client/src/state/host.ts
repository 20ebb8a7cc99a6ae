// What the stores of one client share.
import type { ChatClient } from '../client.ts';
import type { Realtime } from '../realtime.ts';
import type { People } from './people.ts';
import type { RoomList } from './room-list.ts';
import type { Batch } from './store.ts';

export interface Host {
  readonly client: ChatClient;
  readonly batch: Batch;
  readonly people: People;
  readonly rooms: RoomList;
  /** The connection, opened if need be. */
  connect(): Realtime;
  me(): string | undefined;
  /** A store is looked at, or something waits for the connection; not any more. */
  retain(): void;
  release(): void;
  /** Applies the events that have come. */
  flush(): void;
  /** The list of rooms has changed. */
  roomsChanged(): void;
}
