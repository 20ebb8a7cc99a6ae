import { type Logger, pino } from 'pino';

export type Log = Logger;

// Whatever is logged by mistake under these names is still no secret in the log.
const REDACT = ['password', 'token', 'access_token', 'refresh_token', 'authorization', 'cookie', 'secret'].flatMap(
  (key) => [key, `*.${key}`, `*.*.${key}`, `*.*["${key}"]`],
);

export const openLog = (service: string, instance: string, level: string): Log =>
  pino({
    level,
    base: { service, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: REDACT, censor: '[redacted]' },
  });

/** A URL for a log: what stands after `token=` is cut out. */
export const redactUrl = (url: string): string => url.replace(/([?&](?:token|access_token)=)[^&#]*/gi, '$1[redacted]');
