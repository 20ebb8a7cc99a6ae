// The alerts of infra/prometheus as an object of the Prometheus Operator.
import { stringify } from 'yaml';
import { groups } from './alerts.ts';

export const PROMETHEUS_RULE = 'k8s/components/monitoring/prometheus-rule.yaml';

const HEADER = `# The alerts of infra/prometheus for the Prometheus Operator. Written by
# \`node --conditions=source infra/architecture/write.ts\`; do not edit.
`;

export function prometheusRule(): string {
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'chatapi' },
    spec: { groups },
  };
  return HEADER + stringify(object, { lineWidth: 0 });
}
