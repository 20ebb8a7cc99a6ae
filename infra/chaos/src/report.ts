import type { Report } from './run.ts';

const HEALED_WITHIN_MS = 10_000;

export const healed = (report: Report): boolean => report.faults.every((f) => f.recovery_ms <= HEALED_WITHIN_MS);

/**
 * The run passed: nothing lost, duplicated or out of order, no wrong response, every fault healed
 * in time.
 */
export const passed = (report: Report): boolean => report.problems.length === 0 && healed(report);

const webhookLines = (webhooks: Report['webhooks']): string[] =>
  webhooks === undefined
    ? []
    : [
        `webhook receivers ${webhooks.receivers} · events ${webhooks.events} · refused ${webhooks.refused} · came again ${webhooks.again}`,
      ];

const sdkLines = (sdk: Report['sdk']): string[] =>
  sdk === undefined
    ? []
    : [
        `SDK clients ${sdk.clients} · acked ${sdk.acked} · views equal to the log ${sdk.equal} · exceptions ${sdk.exceptions}`,
      ];

export function lines(report: Report): string[] {
  const slow = [...report.faults].sort((a, b) => b.recovery_ms - a.recovery_ms).slice(0, 3);
  return [
    `acked ${report.acked} · delivered ${report.delivered} · lost ${report.lost} · duplicated ${report.duplicated} · inversions ${report.inversions}`,
    `sends repeated ${report.repeats} · longest silence ${report.longest_silence_ms} ms · faults ${report.faults.length}`,
    ...webhookLines(report.webhooks),
    ...sdkLines(report.sdk),
    ...slow.map((f) => `slowest recovery: ${f.kind} ${f.target} ${f.recovery_ms} ms`),
    ...report.problems,
    passed(report) ? 'passed' : 'FAILED',
  ];
}
