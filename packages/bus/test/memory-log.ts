import type { LogEvent, LogSource } from '../src/index.ts';

export const EPOCH = 'epoch';

/** Rooms with their events; `trimmed`: how many of the oldest are gone. */
export class MemoryLog implements LogSource {
  readonly rooms = new Map<string, LogEvent[]>();
  readonly trimmed = new Map<string, number>();
  /** Calls that fail. */
  failures = 0;
  reads = 0;
  /** What happens while all heads are compared. */
  meanwhile: (() => Promise<unknown>) | undefined;

  #ask(): void {
    if (this.failures === 0) return;
    this.failures--;
    throw new Error('the log is away');
  }
  append(room: string): number {
    const events = this.rooms.get(room) ?? [];
    this.rooms.set(room, events);
    const seq = events.length + 1;
    events.push({ epoch: EPOCH, seq, frame: `${room} ${seq}`, at: Date.now() });
    return seq;
  }
  async renew() {
    this.#ask();
    return { now: Date.now(), redis: true };
  }
  async notTold() {
    this.#ask();
    return {};
  }
  async moves(since: number, after: string, limit: number) {
    this.#ask();
    await this.meanwhile?.();
    const names = [...this.rooms.keys()].sort().filter((name) => name > after);
    const some = names.slice(0, limit);
    const moved = some.filter((name) => (this.rooms.get(name)?.at(-1)?.at ?? 0) > since);
    const heads = Object.fromEntries(moved.map((name) => [name, this.rooms.get(name)?.length ?? 0]));
    return { heads, next: names.length > limit ? (some.at(-1) ?? null) : null };
  }
  async seqsAt(rooms: string[], at: number) {
    this.#ask();
    const seqAt = (room: string) => this.rooms.get(room)?.findLast((event) => event.at <= at)?.seq ?? 0;
    return Object.fromEntries(rooms.map((room) => [room, { seq: seqAt(room), complete: true }]));
  }
  async read(rooms: { id: string; after: number }[], limit: number) {
    this.reads++;
    this.#ask();
    return rooms.flatMap(({ id, after }) => {
      const events = this.rooms.get(id);
      if (events === undefined) return [];
      const trimmed = this.trimmed.get(id) ?? 0;
      const kept = events.slice(trimmed).filter(({ seq }) => seq > after);
      return { id, epoch: EPOCH, first_seq: trimmed + 1, last_seq: events.length, events: kept.slice(0, limit) };
    });
  }
}
