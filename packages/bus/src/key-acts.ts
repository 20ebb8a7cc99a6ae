import { type KeyAct, newId } from '@chatapi/kit';
import type { Knex } from 'knex';
import type { FactsRunner } from './facts-queue.ts';
import { recordFact } from './outbox-store.ts';

/** For `run`: tells admin of a change that a key makes as a person. */
export async function recordKeyAct(
  { db, facts }: { db: Knex; facts: FactsRunner },
  { key_id, user_id, method, path, ip, request_id }: KeyAct,
): Promise<void> {
  await db.transaction((trx) =>
    recordFact(trx, 'staff.acted', {
      audit_id: newId('aud'),
      action: 'key.act',
      actor_id: key_id,
      target_id: user_id,
      details: { method, path },
      ip,
      request_id,
      at: new Date().toISOString(),
    }),
  );
  facts.nudge();
}
