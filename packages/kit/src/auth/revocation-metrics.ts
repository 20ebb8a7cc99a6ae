import { showGauge } from '../gauges.ts';
import type { Metrics } from '../metrics.ts';
import type { RevocationSet } from './revocations.ts';

/** Two to three seconds while auth answers: it answers a poll after two without news. */
export const showRevocations = (metrics: Metrics, revocations: RevocationSet): void =>
  showGauge(metrics, {
    name: 'chatapi_revocations_age_seconds',
    help: 'Time since auth last answered which sessions ended and who was banned',
    read: (set) => set(revocations.ageSeconds()),
  });
