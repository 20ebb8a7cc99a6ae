// The security log: one line per event with `stream: "security"`, and one count. The fields are
// fixed, so that no password, token or text of a user gets here.
import type { Log } from './log.ts';
import { type Metrics, securityMetrics } from './metrics.ts';
import { SECURITY_EVENTS, type SecurityEvent, type SecurityOutcome } from './security-events.ts';

export interface SecurityDetails {
  /** The account that the event is about. Unset when there is none, as for an unknown name. */
  user_id?: string;
  /** Who acted, if it was not the account itself. */
  actor_id?: string;
  session_id?: string;
  /** Id of a file, a message or whatever else was acted on. */
  target_id?: string;
  ip?: string;
  request_id?: string;
  /** Route, or name of an action in the audit log. */
  action?: string;
  /** One of a few words, never what a client sent. */
  reason?: string;
  /** Default: the outcome that the event has. */
  outcome?: SecurityOutcome;
}

/** A part of every service's context. */
export interface SecuritySink {
  log: Log;
  metrics: Metrics;
}

/** More lines of one event in one second are only counted, so that nobody can fill the disk. */
const MAX_LINES_PER_S = 50;

interface Stream {
  log: Log;
  written: Map<SecurityEvent, { second: number; lines: number; suppressed: number }>;
}

const streams = new WeakMap<Log, Stream>();

/** The stream ignores LOG_LEVEL: it must be complete in production too. */
function streamOf(log: Log): Stream {
  let stream = streams.get(log);
  if (stream === undefined) {
    const level = log.level === 'silent' ? 'silent' : 'info';
    stream = { log: log.child({ stream: 'security' }, { level }), written: new Map() };
    streams.set(log, stream);
  }
  return stream;
}

/** @returns how many lines before this one were left out; undefined when this one is left out. */
function takeLine({ written }: Stream, event: SecurityEvent): number | undefined {
  const second = Math.floor(Date.now() / 1000);
  const last = written.get(event) ?? { second, lines: 0, suppressed: 0 };
  const lines = last.second === second ? last.lines : 0;
  if (lines >= MAX_LINES_PER_S) {
    last.suppressed++;
    return undefined;
  }
  written.set(event, { second, lines: lines + 1, suppressed: 0 });
  return last.suppressed;
}

/** Logs and counts an event. Call it after the commit of what it reports. */
export function securityEvent({ log, metrics }: SecuritySink, event: SecurityEvent, details: SecurityDetails): void {
  securityMetrics(metrics).inc({ event });
  const stream = streamOf(log);
  const suppressed = takeLine(stream, event);
  if (suppressed === undefined) return;
  const line = { event, outcome: SECURITY_EVENTS[event], ...details };
  stream.log.info(suppressed === 0 ? line : { ...line, suppressed }, event);
}
