// The metrics that the services export, read from their code, and those that a query uses.
import { createMetrics } from '@chatapi/kit';
import { filesBelow, REPO, read } from '../tree.ts';

/** As in the code of the services. */
export function ownMetrics(): string[] {
  const names = ['packages', 'services']
    .flatMap((dir) => filesBelow(REPO, dir))
    .filter((file) => file.includes('/src/'))
    .flatMap((file) => [...read(REPO, file).matchAll(/'(chatapi_[a-z0-9_]+)'/g)].map(([, name]) => name as string));
  return [...new Set(names)];
}

/** As in queries: a histogram also has _bucket, _sum and _count. */
export function exportedMetrics(): string[] {
  const registry = createMetrics('none', 'none');
  const standard = registry.getMetricsAsArray().map(({ name }) => name);
  registry.clear();
  return [...new Set([...ownMetrics(), ...standard])].flatMap((name) => [
    name,
    `${name}_bucket`,
    `${name}_sum`,
    `${name}_count`,
  ]);
}

/** Names in a PromQL expression that look like metrics of the services or of Node. */
export const metricsIn = (expression: string): string[] => [
  ...new Set(expression.match(/\b(?:chatapi|nodejs|process)_[a-z0-9_]+/g) ?? []),
];
