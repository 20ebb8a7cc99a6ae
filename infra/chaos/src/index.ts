export { healed, lines, passed } from './report.ts';
export { type Cast, CHAOS_ENV, type Report, run, runUnder } from './run.ts';
