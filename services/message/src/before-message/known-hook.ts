// The instance's copy of the hook's settings: read at start and polled, so that a change holds on
// all instances within a second.
import { every, type Log } from '@chatapi/kit';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import { type HookState, newerHook, readHook, saveHook } from './hook-store.ts';

export interface KnownHook {
  now(): HookState;
  asksFor(roomId: string): boolean;
  replace(state: HookState): Promise<void>;
  close(): Promise<void>;
}

const POLL_MS = 500;

const roomsOf = ({ hook }: HookState): Set<string> | undefined =>
  hook === null || hook.rooms === null ? undefined : new Set(hook.rooms);

/** @param onChange called after each change. */
export async function openKnownHook(
  { db, reads, log }: { db: Knex; reads: PipelinedPool; log: Log },
  onChange: () => void,
): Promise<KnownHook> {
  let now = await readHook(db);
  let rooms = roomsOf(now);
  // Responses may arrive out of order: the newest revision stays.
  function take(state: HookState | undefined): void {
    if (state === undefined || state.revision <= now.revision) return;
    now = state;
    rooms = roomsOf(state);
    onChange();
  }
  const polling = every(
    POLL_MS,
    async () => take(await newerHook(reads, now.revision)),
    (err) => log.debug({ err: err.message }, 'polling the hook before messages failed; will retry'),
  );
  return {
    now: () => now,
    asksFor: (roomId) => now.hook !== null && (rooms === undefined || rooms.has(roomId)),
    async replace(state) {
      await saveHook(db, state);
      take(state);
    },
    close: polling.close,
  };
}
