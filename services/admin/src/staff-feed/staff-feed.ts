// What nodes push to staff on their sockets: figures, new reports, new audit entries. Nodes ask
// every two seconds while somebody listens, so that it costs nothing otherwise, and depends on
// nothing but this service.
import type { Context } from '../context.ts';
import { readStatistics, type Statistics } from '../statistics.ts';
import { newReports, openReports, settledEntries } from './staff-feed-store.ts';
import type { StaffFrames } from './staff-frames.ts';

/** The same within two answers: the node hands it on once. */
interface News {
  id: string;
  frame: string;
}

export interface StaffFeed {
  /** A frame, for all who listen. */
  stats: string;
  news: News[];
  /** `since` of the next question. */
  until: string;
}

/** Nodes ask at about the same time, and the figures cost a look at all accounts. */
const FIGURES_MS = 1000;

function figures(ctx: Context): Promise<Statistics> {
  const { shown } = ctx;
  if (shown.figures === undefined || Date.now() - shown.at > FIGURES_MS) {
    shown.at = Date.now();
    shown.figures = readStatistics(ctx);
    // The next question tries again.
    shown.figures.catch(() => {
      shown.figures = undefined;
    });
  }
  return shown.figures;
}

const frameOf = <T extends keyof StaffFrames>(frame: { type: T } & Record<string, unknown>): string =>
  JSON.stringify(frame);

/** @param since undefined: now. What is a little older comes too. */
export async function readStaffFeed(ctx: Context, since: string | undefined): Promise<StaffFeed> {
  // Before the news are read: what commits meanwhile is younger.
  const { open, now } = await openReports(ctx.db);
  const from = since ?? now.toISOString();
  const [stats, reports, entries] = await Promise.all([
    figures(ctx),
    newReports(ctx.db, from),
    settledEntries(ctx.db, from),
  ]);
  return {
    stats: frameOf({ type: 'staff_stats', stats, open_reports: open, timestamp: now.toISOString() }),
    news: [
      ...reports.map((report) => ({ id: report.id, frame: frameOf({ type: 'staff_report', report }) })),
      ...entries.map((entry) => ({ id: entry.id, frame: frameOf({ type: 'staff_entry', entry }) })),
    ],
    until: now.toISOString(),
  };
}
