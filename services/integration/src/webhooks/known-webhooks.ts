// The webhooks as they were last read: twice a second, and at once after a change on this instance.
import type { Follower } from '@chatapi/bus';
import type { Knex } from '@chatapi/kit/data';
import { readWebhooks, toFollower, type WebhookRow } from './webhook-store.ts';

export interface KnownWebhooks {
  /** Reads all. */
  read(db: Knex): Promise<Follower[]>;
  get(id: string): WebhookRow | undefined;
  /** Until it is read again: its receiver wants no more. */
  stop(id: string): void;
}

export function createKnownWebhooks(): KnownWebhooks {
  let known = new Map<string, WebhookRow>();
  return {
    async read(db) {
      const rows = await readWebhooks(db);
      known = new Map(rows.map((row) => [row.id, row]));
      return rows.map(toFollower);
    },
    get: (id) => known.get(id),
    stop(id) {
      const row = known.get(id);
      if (row !== undefined) known.set(id, { ...row, status: 'disabled' });
    },
  };
}
