// Tells the admin service which connections this node opened and closed, in batches: no connection
// and no message waits for it. While that service is away, the newest are kept.
import { every, type Log } from '@chatapi/kit';
import type { ServiceClient } from '@chatapi/kit/rpc';

export interface ConnectionLog {
  opened(id: string, userId: string): void;
  closed(id: string, code: number): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

interface Logged {
  id: string;
  user_id: string;
  opened_at: string;
  closed_at: string | null;
  close_code: number | null;
}

const SEND_MS = 5000;
const BATCH = 1000;
/** Not told yet. */
const MAX_WAITING = 20_000;
const LAST_MS = 1000;

interface Options {
  node: string;
  instance: string;
  admin: Pick<ServiceClient, 'call'>;
  log: Log;
}

export function createConnectionLog({ node, instance, admin, log }: Options): ConnectionLog {
  const open = new Map<string, Logged>();
  /** In order of their last change. */
  const waiting = new Map<string, Logged>();

  function note(entry: Logged): void {
    waiting.delete(entry.id);
    waiting.set(entry.id, entry);
    if (waiting.size <= MAX_WAITING) return;
    const [oldest] = waiting.keys();
    waiting.delete(oldest as string);
  }

  /** Also without news: it says that the node lives. */
  async function send(timeoutMs?: number): Promise<void> {
    do {
      const batch = [...waiting.values().take(BATCH)];
      const connections = batch.map((entry) => ({ ...entry }));
      await admin.call('POST', '/internal/connections', { body: { node, instance, connections }, timeoutMs });
      for (const [i, entry] of batch.entries())
        if (entry.closed_at === connections[i]?.closed_at) waiting.delete(entry.id);
    } while (waiting.size >= BATCH);
  }

  const failed = (err: Error): void => log.debug({ err: err.message }, 'connections not logged; sent later');
  const sending = every(SEND_MS, () => send(), failed);
  return {
    opened(id, user_id) {
      const entry = { id, user_id, opened_at: new Date().toISOString(), closed_at: null, close_code: null };
      open.set(id, entry);
      note(entry);
    },
    closed(id, code) {
      const entry = open.get(id);
      if (entry === undefined) return;
      open.delete(id);
      Object.assign(entry, { closed_at: new Date().toISOString(), close_code: code });
      note(entry);
    },
    async close() {
      await sending.close();
      await send(LAST_MS).catch(failed);
    },
  };
}
