import type { Report } from './run.ts';

const HEALED_WITHIN_MS = 10_000;

export const healed = (report: Report): boolean => report.faults.every((f) => f.recovery_ms <= HEALED_WITHIN_MS);

/** The promise held: nothing lost, doubled or out of order, no answer that may not be, every fault healed in time. */
export const kept = (report: Report): boolean => report.problems.length === 0 && healed(report);

export function lines(report: Report): string[] {
  const slow = [...report.faults].sort((a, b) => b.recovery_ms - a.recovery_ms).slice(0, 3);
  return [
    `acked ${report.acked} · delivered ${report.delivered} · lost ${report.lost} · doubled ${report.doubled} · inversions ${report.inversions}`,
    `sends repeated ${report.repeats} · longest silence ${report.longest_silence_ms} ms · faults ${report.faults.length}`,
    ...(report.sdk === undefined ? [] : [`SDK clients ${report.sdk.clients} · acked ${report.sdk.acked}`]),
    ...slow.map((f) => `slowest recovery: ${f.kind} ${f.target} ${f.recovery_ms} ms`),
    ...report.problems,
    kept(report) ? 'the promise held' : 'THE PROMISE WAS BROKEN',
  ];
}
