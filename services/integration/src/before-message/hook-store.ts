import type { Knex } from '@chatapi/kit/data';

export interface HookInput {
  url: string;
  timeout_ms: number;
  on_failure: 'accept' | 'reject';
  rooms: string[] | null;
}

export interface HookRow extends HookInput {
  revision: number;
  secret: string;
  created_by: string;
  created_at: Date;
  updated_at: Date;
}

type Row = HookRow | ({ [K in keyof HookRow]: null } & { revision: number });

const COLUMNS = [
  'revision',
  'url',
  'secret',
  'timeout_ms',
  'on_failure',
  'rooms',
  'created_by',
  'created_at',
  'updated_at',
];
const NEXT = 'greatest(revision + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint)';

export interface HookState {
  revision: number;
  hook: HookRow | null;
}

const stateOf = (row: Row): HookState => ({ revision: row.revision, hook: row.url === null ? null : (row as HookRow) });

export const readHook = async (db: Knex): Promise<HookState> =>
  stateOf((await db('before_message_hook').first(COLUMNS)) as Row);

/** @param secret for a new one; one that exists keeps its own. @returns whether it is new. */
export async function saveHook(
  trx: Knex,
  { url, timeout_ms, on_failure, rooms }: HookInput,
  secret: string,
  created_by: string,
): Promise<{ hook: HookRow; created: boolean }> {
  const { rows } = await trx.raw<{ rows: [HookRow] }>(
    `update before_message_hook set revision = ${NEXT}, url = :url, timeout_ms = :timeout_ms, on_failure = :on_failure,
       rooms = :rooms, secret = coalesce(secret, :secret), created_by = coalesce(created_by, :created_by),
       created_at = coalesce(created_at, clock_timestamp()), updated_at = clock_timestamp()
     returning ${COLUMNS.join(', ')}`,
    { url, timeout_ms, on_failure, rooms, secret, created_by },
  );
  const [hook] = rows;
  return { hook, created: hook.secret === secret };
}

/** @returns false: there is none. */
export async function deleteHook(trx: Knex): Promise<boolean> {
  const { rowCount } = await trx.raw<{ rowCount: number }>(
    `update before_message_hook set revision = ${NEXT}, url = null, secret = null, timeout_ms = null, on_failure = null,
       rooms = null, created_by = null, created_at = null, updated_at = null where url is not null`,
  );
  return rowCount === 1;
}

/** @returns undefined: the message service has the newest. */
export async function untoldHook(db: Knex): Promise<HookState | undefined> {
  const row = (await db('before_message_hook').whereRaw('told_revision < revision').first(COLUMNS)) as Row | undefined;
  return row && stateOf(row);
}

export const markTold = async (db: Knex, revision: number): Promise<void> =>
  void (await db('before_message_hook').where('told_revision', '<', revision).update({ told_revision: revision }));
