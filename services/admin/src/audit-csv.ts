// The audit log as CSV, streamed: no more than a page of it is in memory. The download is on record.
import { once } from 'node:events';
import type { RequestContext } from '@chatapi/kit';
import { recordAudit } from './audit.ts';
import { type Entry, type EntryConditions, listEntries } from './audit-store.ts';
import type { Context } from './context.ts';

const COLUMNS = [
  'created_at',
  'id',
  'action',
  'actor_id',
  'target_id',
  'outcome',
  'error',
  'ip',
  'request_id',
  'details',
] as const;

const PAGE = 500;

export const csvDocs = {
  responses: {
    200: { description: 'CSV', content: { 'text/csv': { schema: { type: 'string', format: 'binary' } } } },
  },
};

/** Spreadsheets run what begins with one of these as a formula: OWASP, "CSV Injection". */
const FORMULA = /^[=+\-@\t\r\n]/;

/** A cell of CSV that no spreadsheet takes for a formula. */
export function csvCell(value: unknown): string {
  const text = value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  const plain = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

const rowOf = (entry: Entry): string =>
  `${COLUMNS.map((name) => csvCell(name === 'created_at' ? entry.created_at.toISOString() : entry[name])).join(',')}\r\n`;

/** Pages by cursor: what is written meanwhile stands before the first page. */
async function* rows(ctx: Pick<Context, 'db'>, filter: EntryConditions): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for (let cursor: readonly [string] | undefined; ; ) {
    const entries = await listEntries(ctx.db, { ...filter, limit: PAGE, skip: 0, cursor });
    if (entries.length > 0) yield entries.map(rowOf).join('');
    if (entries.length < PAGE) return;
    cursor = [(entries.at(-1) as Entry).id];
  }
}

export async function downloadAuditLog(
  ctx: Context,
  call: RequestContext<Record<string, string>, EntryConditions>,
): Promise<void> {
  const { query, res } = call;
  await recordAudit(ctx, ctx.db, call, { action: 'audit_log.export', target_id: 'audit-log', details: { ...query } });
  res.set({
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': 'attachment; filename="audit-log.csv"',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  try {
    for await (const part of rows(ctx, query)) {
      if (res.destroyed) return;
      // A client that hangs up ends the wait too.
      if (!res.write(part)) await Promise.race([once(res, 'drain'), once(res, 'close')]);
    }
    res.end();
  } catch (error) {
    // Too late for an error object: the client sees that the answer is not whole.
    if (!res.headersSent) throw error;
    ctx.log.warn({ err: (error as Error).message, request_id: call.request_id }, 'an audit log download broke off');
    res.destroy();
  }
}
