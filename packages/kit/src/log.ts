import { type Logger, pino } from 'pino';

export type Log = Logger;

// Redacts secrets that are logged by mistake under these names.
const REDACT = ['password', 'token', 'access_token', 'refresh_token', 'authorization', 'cookie', 'secret'].flatMap(
  (key) => [key, `*.${key}`, `*.*.${key}`, `*.*["${key}"]`],
);

export const createLog = (service: string, instance: string, level: string): Log =>
  pino({
    level,
    base: { service, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACT, censor: '[redacted]' },
  });
