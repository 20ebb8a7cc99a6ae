// `/health/live`, `/health/ready` and `/metrics`, for orchestrators and Prometheus.
import type express from 'express';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { VERSION } from './version.ts';

export interface Health {
  service: string;
  instance: string;
  log: Log;
  isDraining(): boolean;
  /** @throws when the service can't work right now. */
  ready(): Promise<void>;
}

const READY_MS = 2000;

/** @throws after `ms`. */
export const within = <T>(ms: number, work: Promise<T>): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms).unref()),
  ]);

export function mountHealth(app: express.Express, { service, instance, log, isDraining, ready }: Health): void {
  const self = { service, instance, version: VERSION };
  app.get('/health/live', (_req, res) => {
    res.json({ status: 'ok', ...self, uptime_s: Math.round(process.uptime()) });
  });
  app.get('/health/ready', async (_req, res) => {
    try {
      if (isDraining()) throw new Error('draining');
      await within(READY_MS, ready());
      res.json({ status: 'ok', ...self, uptime_s: Math.round(process.uptime()) });
    } catch (err) {
      log.debug({ err: (err as Error).message }, 'not ready');
      res.status(503).json({ status: 'unavailable', ...self });
    }
  });
}

export function mountMetrics(app: express.Express, metrics: Metrics): void {
  app.get('/metrics', async (_req, res) => {
    res.type(metrics.contentType).send(await metrics.metrics());
  });
}
