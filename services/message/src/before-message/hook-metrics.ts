import { Counter, type Metrics, showGauge } from '@chatapi/kit';
import type { Circuit } from './circuit.ts';

const RESULTS = ['accepted', 'replaced', 'rejected', 'failed', 'not_asked'] as const;

/** @returns counts a message or an edit. */
export function createHookMetrics(
  metrics: Metrics,
  circuit: Pick<Circuit, 'isFailing'>,
): (result: (typeof RESULTS)[number]) => void {
  const asked = new Counter({
    name: 'chatapi_before_message_total',
    help: 'Messages and edits of which the hook before messages was, or should have been, asked',
    labelNames: ['result'],
    registers: [metrics],
  });
  for (const result of RESULTS) asked.inc({ result }, 0);
  showGauge(metrics, {
    name: 'chatapi_before_message_failing',
    help: '1: the hook before messages failed at least five times in a row',
    read: (set) => set(circuit.isFailing() ? 1 : 0),
  });
  return (result) => asked.inc({ result });
}
