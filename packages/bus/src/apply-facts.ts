import type { Knex } from 'knex';
import { Gauge } from 'prom-client';
import type { Fact, Facts } from './fact-types.ts';
import { BATCH, type FactsOptions } from './facts-queue.ts';
import { countSetAside, deleteSetAside, setAside, takeSetAside } from './set-aside-facts-store.ts';

type Handler = (payloads: unknown[], trx: Knex.Transaction) => Promise<void>;

const userOf = (payload: Fact['payload']): string => (payload as Facts['account.erased']).user_id;

/** Runs the handlers in `trx`. Facts without a handler are set aside for a newer version. */
export async function applyFacts(o: FactsOptions, facts: Fact[], trx: Knex.Transaction): Promise<void> {
  for (const [name, list] of Map.groupBy(facts, (fact) => fact.name)) {
    const rule = o.handlers[name] as Handler | undefined;
    const payloads = list.map(({ payload }) => payload);
    if (rule !== undefined) await rule(payloads, trx);
    else {
      await setAside(trx, list);
      o.log.warn({ fact: name, count: list.length }, 'set aside facts of a newer version');
    }
    if (name === 'account.erased') await deleteSetAside(trx, payloads.map(userOf));
  }
}

/** Handles the facts that an older version set aside and this version knows. */
export async function replaySetAside(o: FactsOptions): Promise<void> {
  const names = Object.keys(o.handlers);
  for (let taken = BATCH; taken === BATCH; )
    taken = await o.db.transaction(async (trx) => {
      const facts = await takeSetAside(trx, names, BATCH);
      await applyFacts(o, facts, trx);
      return facts.length;
    });
}

export function showSetAside({ db, metrics }: FactsOptions): void {
  new Gauge({
    name: 'chatapi_facts_set_aside',
    help: 'Facts set aside until a version that knows them runs',
    registers: [metrics],
    async collect() {
      this.set(await countSetAside(db).catch(() => Number.NaN));
    },
  });
}
