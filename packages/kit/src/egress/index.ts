export { createEgress, type Egress, EgressFailure } from './egress.ts';
export { type EgressSettings, egressSettings } from './settings.ts';
