// The alerts of infra/prometheus as an object of the Prometheus Operator.
import { parse, stringify } from 'yaml';
import { REPO, read } from '../tree.ts';

export const PROMETHEUS_RULE = 'k8s/components/monitoring/prometheus-rule.yaml';

const HEADER = `# infra/prometheus/rules.yml for the Prometheus Operator. Written by
# \`node --conditions=source infra/architecture/write.ts\`; do not edit.
`;

export function prometheusRule(): string {
  const { groups } = parse(read(REPO, 'infra/prometheus/rules.yml')) as { groups: unknown[] };
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'chatapi' },
    spec: { groups },
  };
  return HEADER + stringify(object, { lineWidth: 0 });
}
