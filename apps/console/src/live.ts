// What the server pushes to staff. While it is connected, pages need not ask again and again.
import type { Realtime, Stats } from '@chatapi/client';
import { Value } from '@chatapi/page/value';
import { client, leave } from './session.ts';

export interface Pushed {
  stats: Stats;
  open: number;
}

/** undefined: nothing is pushed, so pages ask. */
export const pushed = new Value<Pushed | undefined>(undefined);
/** Raised by each new report, by each act of staff, and once when pushing begins (again). */
export const reportsSeen = new Value(0);
export const entriesSeen = new Value(0);

/** Several acts of one moment are one reading. */
const QUIET_MS = 500;

function raised(counter: Value<number>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => counter.set(counter.get() + 1), QUIET_MS);
  };
}

/** @returns what closes it. */
export function listen(): () => void {
  // Rooms of this person are of no interest here.
  const realtime: Realtime = client.websocket.connect(undefined, { resume: false });
  const [report, entry] = [raised(reportsSeen), raised(entriesSeen)];
  realtime.on('staff_stats', ({ stats, open_reports }) => {
    // Nothing of the time before is pushed. What is read from now on has it.
    if (pushed.get() === undefined) {
      report();
      entry();
    }
    pushed.set({ stats, open: open_reports });
  });
  realtime.on('staff_report', report);
  realtime.on('staff_entry', ({ entry: { action } }) => {
    entry();
    if (action.startsWith('report.')) report();
  });
  realtime.on('staff_ended', () => void leave('no-staff'));
  realtime.on('state', ({ to }) => to !== 'connected' && pushed.set(undefined));
  realtime.watchStaff();
  return () => {
    pushed.set(undefined);
    void realtime.close();
  };
}
