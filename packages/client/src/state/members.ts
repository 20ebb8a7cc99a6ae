// The members of a room: read in pages, kept by events.
import type { ChatApiError } from '../errors.ts';
import type { Member } from '../models.ts';
import type { Host } from './host.ts';
import type { LoggedEvent } from './row.ts';
import { Source, type Store } from './store.ts';

export interface MembersSnapshot {
  readonly status: 'loading' | 'ready' | 'failed';
  /** In the order of the pages; who joins later comes last. */
  readonly members: readonly Member[];
  readonly hasMore: boolean;
  readonly error?: ChatApiError;
}

const PAGE = 100;

export class Members implements Store<MembersSnapshot> {
  readonly #host: Host;
  readonly #chatId: string;
  readonly #source: Source<MembersSnapshot>;
  #members = new Map<string, Member>();
  #cursor: string | null = null;
  #hasMore = false;
  #status: MembersSnapshot['status'] = 'loading';
  #error: ChatApiError | undefined;
  #reading: Promise<void> | undefined;
  /** Events while a page is on its way. */
  #recent: LoggedEvent[] = [];

  readonly getSnapshot: Store<MembersSnapshot>['getSnapshot'];
  readonly getServerSnapshot: Store<MembersSnapshot>['getServerSnapshot'];
  readonly subscribe: Store<MembersSnapshot>['subscribe'];

  constructor(host: Host, chatId: string) {
    this.#host = host;
    this.#chatId = chatId;
    this.#source = new Source<MembersSnapshot>({
      batch: host.batch,
      make: () => ({
        status: this.#status,
        members: [...this.#members.values()],
        hasMore: this.#hasMore,
        error: this.#error,
      }),
      watched: () => {
        host.retain();
        host.connect();
        if (this.#status !== 'ready') void this.reload();
      },
      left: () => host.release(),
    });
    this.getSnapshot = this.#source.getSnapshot;
    this.getServerSnapshot = this.#source.getServerSnapshot;
    this.subscribe = this.#source.subscribe;
  }

  /** Reads the next page. Errors are in the snapshot. */
  loadMore(): Promise<void> {
    return this.#hasMore ? this.#read(false) : Promise.resolve();
  }

  /** Reads the first page again: events may have been missed. */
  reload(): Promise<void> {
    return this.#source.isWatched ? this.#read(true) : Promise.resolve(this.forget());
  }

  forget(): void {
    this.#status = 'loading';
  }

  event(event: LoggedEvent): void {
    if (this.#reading !== undefined) this.#recent.push(event);
    if (this.#apply(event)) this.#source.changed();
  }

  #read(isFirst: boolean): Promise<void> {
    this.#reading ??= this.#readPage(isFirst).finally(() => {
      this.#reading = undefined;
      this.#recent = [];
    });
    return this.#reading;
  }

  async #readPage(isFirst: boolean): Promise<void> {
    const { client, batch, people, flush } = this.#host;
    try {
      const cursor = isFirst ? undefined : (this.#cursor ?? undefined);
      const page = await client.chats.members(this.#chatId, { limit: PAGE, cursor });
      flush();
      batch.run(() => {
        people.learn(page.users);
        const known = isFirst ? [] : [...this.#members];
        this.#members = new Map([...known, ...page.items.map((member) => [member.user_id, member] as const)]);
        for (const event of this.#recent) this.#apply(event);
        [this.#cursor, this.#hasMore] = [page.next_cursor, page.has_more];
        [this.#status, this.#error] = ['ready', undefined];
        this.#source.changed();
      });
    } catch (thrown) {
      this.#error = thrown as ChatApiError;
      if (this.#status === 'loading') this.#status = 'failed';
      this.#source.changed();
    }
  }

  /** May be applied twice. @returns whether the event is about members. */
  #apply(event: LoggedEvent): boolean {
    if (event.type === 'member_joined') this.#joined(event.user_id, event.role);
    else if (event.type === 'member_left') this.#set(event.user_id, undefined);
    else if (event.type === 'room_updated' && event.member !== undefined) {
      const { user_id, role, muted_until } = event.member;
      const known = this.#members.get(user_id);
      const changed = known && { ...known, muted_until: muted_until === undefined ? known.muted_until : muted_until };
      this.#set(user_id, changed && role !== null ? { ...changed, role } : undefined);
    } else return false;
    return true;
  }

  #joined(user_id: string, role: Member['role']): void {
    // Those of later pages come with them.
    if (this.#hasMore || this.#members.has(user_id)) return;
    const { username = '', display_name = '', kind = 'user' } = this.#host.people.get(user_id) ?? {};
    const joined_at = new Date().toISOString();
    this.#set(user_id, { user_id, username, display_name, kind, role, joined_at, read_seq: 0, muted_until: null });
  }

  #set(userId: string, member: Member | undefined): void {
    if (member === undefined) this.#members.delete(userId);
    else this.#members.set(userId, member);
  }

  /** A name has become known. */
  peopleChanged(): void {
    for (const [id, member] of this.#members) {
      const user = this.#host.people.get(id);
      if (user === undefined || (user.username === member.username && user.display_name === member.display_name))
        continue;
      const { username, display_name, kind } = user;
      this.#members.set(id, { ...member, username, display_name, kind });
      this.#source.changed();
    }
  }
}
