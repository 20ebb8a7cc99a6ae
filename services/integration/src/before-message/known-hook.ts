// The hook as it was last read here, and read again when the message service knows a newer one.
import type { Knex } from '@chatapi/kit/data';
import { type HookState, readHook } from './hook-store.ts';

export interface KnownHook {
  atLeast(revision: number): Promise<HookState>;
}

export function createKnownHook(db: Knex): KnownHook {
  let known: HookState | undefined;
  return {
    async atLeast(revision) {
      if (known === undefined || known.revision < revision) known = await readHook(db);
      return known;
    },
  };
}
