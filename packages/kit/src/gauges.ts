// Gauges that are read at each scrape, from numbers that the process has anyway.
import { Gauge } from 'prom-client';
import type { Metrics } from './metrics.ts';

interface GaugeOptions<L extends string> {
  name: string;
  help: string;
  labelNames?: L[];
  /** Labels that it does not set are left out. When it fails, so are the others. */
  read(set: (value: number, labels?: Record<L, string>) => void): void | Promise<void>;
}

/** Replaces a gauge of this name: what opens it may be retried. */
export function showGauge<L extends string = never>(metrics: Metrics, options: GaugeOptions<L>): void {
  const { name, help, labelNames = [], read } = options;
  metrics.removeSingleMetric(name);
  new Gauge({
    name,
    help,
    labelNames,
    registers: [metrics],
    async collect() {
      this.reset();
      const set = (value: number, labels?: Record<L, string>): void =>
        labels === undefined ? this.set(value) : this.set(labels, value);
      try {
        await read(set);
      } catch {
        this.reset();
        if (labelNames.length === 0) this.remove();
      }
    },
  });
}
