import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promtool } from '@chatapi/local';
import { expect } from 'chai';
import { parse } from 'yaml';
import { REPO, read } from '../tree.ts';
import { type Manifest, rendered } from './manifests.ts';
import { exportedMetrics, metricsIn } from './metrics.ts';

interface AdapterRule {
  seriesQuery: string;
  resources: { overrides: Record<string, { resource: string }> };
  name?: { as: string };
  metricsQuery: string;
}

const adapterRules = (
  parse(read(REPO, 'k8s/components/prometheus-adapter/values.yaml')) as { rules: { custom: AdapterRule[] } }
).rules.custom;
const withKeda = rendered('production-with-keda');
const withAdapter = rendered('production-with-adapter');
const seriesOf = (rule: AdapterRule): string => rule.seriesQuery.replace(/\{.*/, '');
const metricOf = (rule: AdapterRule): string => rule.name?.as ?? seriesOf(rule);

/** As prometheus-adapter fills a query in for the pods of an HPA. */
const asked = (rule: AdapterRule, pods: string): string =>
  rule.metricsQuery
    .replaceAll('<<.Series>>', seriesOf(rule))
    .replaceAll('<<.LabelMatchers>>', `namespace="chatapi",pod=~"${pods}"`)
    .replaceAll('<<.GroupBy>>', 'pod');

/** Series as a Prometheus has them that scrapes by the PodMonitor: two nodes, and a stranger. */
const SERIES = [
  ['realtime-a', 'realtime-gateway', 8000, 0.45],
  ['realtime-b', 'realtime-gateway', 6000, 0.2],
  ['message-a', 'message', 0, 0.55],
].flatMap(([pod, service, connections, lag]) => {
  const labels = `namespace="chatapi",pod="${pod}",instance="${pod}",service="${service}"`;
  return [
    { series: `chatapi_ws_connections{${labels}}`, values: `${connections}x20` },
    { series: `nodejs_eventloop_lag_p99_seconds{${labels}}`, values: `${lag}x20` },
  ];
});
const STRANGER = [
  { series: 'chatapi_ws_connections{namespace="another",pod="x",service="realtime-gateway"}', values: '9x20' },
  { series: 'nodejs_eventloop_lag_p99_seconds{namespace="another",pod="x",service="message"}', values: '9x20' },
];

/** What Prometheus answers, by promtool: fails with the difference. */
function expectAnswers(answers: { expr: string; samples: [labels: string, value: number][] }[]): void {
  const dir = mkdtempSync(join(tmpdir(), 'chatapi-queries-'));
  try {
    const file = join(dir, 'test.yml');
    const promql = answers.map(({ expr, samples }) => ({
      // Rounded, because promtool compares exactly.
      expr: `round(${expr}, 0.01)`,
      eval_time: '4m',
      exp_samples: samples.map(([labels, value]) => ({ labels, value })),
    }));
    const input = { interval: '15s', input_series: [...SERIES, ...STRANGER], promql_expr_test: promql };
    writeFileSync(file, JSON.stringify({ tests: [input] }));
    const { status, stdout, stderr } = spawnSync(promtool(), ['test', 'rules', file], { encoding: 'utf8' });
    expect(status, stdout + stderr).to.equal(0);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const ofKind = (all: Manifest[], kind: string): Manifest[] => all.filter((manifest) => manifest.kind === kind);

describe('autoscaling by connections and event loop delay', function () {
  // Unpacks promtool at the first run.
  this.timeout(120_000);

  it('has a rule of prometheus-adapter for each metric that an HPA asks for', () => {
    const asking = ofKind(withAdapter, 'HorizontalPodAutoscaler').map(({ metadata, spec }) => [
      metadata.name,
      spec.metrics.flatMap((metric: any) => metric.pods?.metric.name ?? []),
    ]);
    expect(Object.fromEntries(asking)).to.deep.equal({
      'api-gateway': ['chatapi_event_loop_delay_seconds'],
      message: ['chatapi_event_loop_delay_seconds'],
      realtime: ['chatapi_ws_connections', 'chatapi_event_loop_delay_seconds'],
    });
    const wanted = new Set(asking.flatMap(([, metrics]) => metrics as string[]));
    expect(adapterRules.map(metricOf).sort()).to.deep.equal([...wanted].sort());
    expect(exportedMetrics()).to.include.members(adapterRules.map(seriesOf));
    for (const { resources } of adapterRules)
      expect(resources.overrides).to.deep.equal({ namespace: { resource: 'namespace' }, pod: { resource: 'pod' } });
  });

  it('the rules of prometheus-adapter give each pod its own value', () => {
    const [connections, delay] = adapterRules as [AdapterRule, AdapterRule];
    const pods = 'realtime-a|realtime-b';
    expectAnswers([
      {
        expr: asked(connections, pods),
        samples: [
          ['{pod="realtime-a"}', 8000],
          ['{pod="realtime-b"}', 6000],
        ],
      },
      // A loop that is never late measures less than the interval between two looks.
      {
        expr: asked(delay, pods),
        samples: [
          ['{pod="realtime-a"}', 0.2],
          ['{pod="realtime-b"}', 0],
        ],
      },
    ]);
  });

  it('the queries of KEDA give the total of the pods of one service', () => {
    const queries = Object.fromEntries(
      ofKind(withKeda, 'ScaledObject').map(({ metadata, spec }) => [
        metadata.name,
        spec.triggers.flatMap(({ type, metadata: { query } }: any) => (type === 'prometheus' ? query : [])),
      ]),
    );
    expectAnswers([
      { expr: queries.realtime[0], samples: [['{}', 14_000]] },
      { expr: queries.realtime[1], samples: [['{}', 0.2]] },
      { expr: queries.message[0], samples: [['{}', 0.3]] },
    ]);
    expect(exportedMetrics()).to.include.members(Object.values(queries).flat().flatMap(metricsIn));
  });

  it('KEDA replaces the HPAs of the same Deployments, within the same bounds', () => {
    const removed = [
      ...read(REPO, 'k8s/rendered/production-with-keda.yaml').matchAll(/^# removed: HorizontalPodAutoscaler (\S+)$/gm),
    ].map(([, name]) => name);
    const scaled = ofKind(withKeda, 'ScaledObject');
    expect(scaled.map(({ spec }) => spec.scaleTargetRef.name).sort()).to.deep.equal(removed.sort());
    for (const { metadata, spec } of scaled) {
      const hpa = ofKind(rendered('production'), 'HorizontalPodAutoscaler').find(
        (h) => h.metadata.name === metadata.name,
      );
      expect([spec.minReplicaCount, spec.maxReplicaCount], metadata.name).to.deep.equal([
        hpa?.spec.minReplicas,
        hpa?.spec.maxReplicas,
      ]);
      expect(spec.advanced.horizontalPodAutoscalerConfig.behavior, metadata.name).to.deep.equal(hpa?.spec.behavior);
    }
  });
});

describe('the HTTPRoute', () => {
  it('sends sockets to the nodes and all else to the gateway, as the Ingress does', () => {
    const [route] = ofKind(withAdapter, 'HTTPRoute');
    const [ingress] = ofKind(rendered('production'), 'Ingress');
    const byRoute = route?.spec.rules.map(({ matches, backendRefs }: any) => [
      matches[0].path.value,
      backendRefs[0].name,
      backendRefs[0].port,
    ]);
    expect(byRoute).to.deep.equal([
      ['/ws', 'realtime', 8080],
      ['/', 'api-gateway', 8080],
    ]);
    const [rule] = ingress?.spec.rules ?? [];
    expect(rule.http.paths.map(({ path, backend }: any) => [path, backend.service.name])).to.deep.equal([
      ['/ws/', 'realtime'],
      ['/', 'api-gateway'],
    ]);
    expect(route?.spec.hostnames).to.deep.equal([rule.host]);
    expect(ingress?.spec.ingressClassName).to.be.a('string');
  });
});
