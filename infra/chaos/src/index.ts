export { healed, kept, lines } from './report.ts';
export { CHAOS_ENV, type Report, run } from './run.ts';
