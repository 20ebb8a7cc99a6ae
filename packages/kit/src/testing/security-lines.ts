import { pino } from 'pino';
import type { Log } from '../log.ts';

/** The lines of the security log that `ctx` writes from now on. */
export function collectSecurityLines(ctx: { log: Log }): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  const write = (text: string): void => {
    const line = JSON.parse(text) as Record<string, unknown>;
    if (line.stream === 'security') lines.push(line);
  };
  ctx.log = pino({ level: 'error' }, { write });
  return lines;
}
