import type { Knex, PipelinedPool } from '@chatapi/kit/data';

/** What this service needs of it; integration has the URL and the secret. */
export interface Hook {
  timeout_ms: number;
  on_failure: 'accept' | 'reject';
  /** null: all. */
  rooms: string[] | null;
}

export interface HookState {
  revision: number;
  hook: Hook | null;
}

export const readHook = async (db: Knex): Promise<HookState> =>
  (await db('before_message_hook').first('revision', 'hook')) as HookState;

/** @returns undefined when no revision is newer. */
export const newerHook = async (reads: PipelinedPool, revision: number): Promise<HookState | undefined> => {
  const text = 'select revision, hook from before_message_hook where revision > $1';
  return (await reads.query<HookState>({ name: 'newer-hook', text, values: [revision] })).rows[0];
};

/** An older one changes nothing: integration may tell it late. */
export const saveHook = async (db: Knex, { revision, hook }: HookState): Promise<void> =>
  void (await db('before_message_hook')
    .where('revision', '<', revision)
    .update({ revision, hook: hook === null ? null : JSON.stringify(hook) }));
