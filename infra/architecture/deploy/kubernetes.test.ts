import { join } from 'node:path';
import { SERVICES } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { servicesOf, settingsOf } from '../services.ts';
import { REPO } from '../tree.ts';
import { hasKubectl, type Manifest, missingFiles, render, sourceManifests } from './manifests.ts';
import { exportedMetrics } from './metrics.ts';

const OVERLAYS = ['overlays/dev', 'overlays/production'];
const API: Record<string, string> = {
  ConfigMap: 'v1',
  Deployment: 'apps/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  Ingress: 'networking.k8s.io/v1',
  Job: 'batch/v1',
  Namespace: 'v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PersistentVolumeClaim: 'v1',
  PodDisruptionBudget: 'policy/v1',
  Secret: 'v1',
  Service: 'v1',
  StatefulSet: 'apps/v1',
};
/** Secrets that are created outside the manifests. */
const OUTSIDE = [
  ...['chatapi-secrets', 'chatapi-provision', 'chatapi-first-admin', 'chatapi-s3'],
  ...SERVICES.map((service) => `chatapi-${service}`),
];

const ofKind = (all: Manifest[], kind: string): Manifest[] => all.filter((manifest) => manifest.kind === kind);
const podOf = (manifest: Manifest): any => manifest.spec.template.spec;
const serviceOf = (deployment: Manifest): string =>
  String(podOf(deployment).containers[0].image)
    .replace(/^chatapi\//, '')
    .replace(/:.*/, '');
const secretRefs = (manifest: Manifest): string[] =>
  podOf(manifest).containers.flatMap(({ env = [] }: any) =>
    env.flatMap((e: any) => e.valueFrom?.secretKeyRef?.name ?? []),
  );
const configRefs = (manifest: Manifest): string[] => [
  ...podOf(manifest).containers.flatMap(({ env = [], envFrom = [] }: any) => [
    ...env.flatMap((e: any) => e.valueFrom?.configMapKeyRef?.name ?? []),
    ...envFrom.flatMap((e: any) => e.configMapRef?.name ?? []),
  ]),
  ...(podOf(manifest).volumes ?? []).flatMap((volume: any) => volume.configMap?.name ?? []),
];

describe('the manifests in k8s', () => {
  for (const overlay of OVERLAYS)
    it(`${overlay} refers only to existing files`, () =>
      expect(missingFiles(join(REPO, 'k8s', overlay))).to.deep.equal([]));

  it('have known kinds and current API versions', () => {
    for (const dir of ['base', ...OVERLAYS])
      for (const { kind, apiVersion } of sourceManifests(join(REPO, 'k8s', dir)))
        expect(apiVersion, kind).to.equal(API[kind]);
  });

  it('contain no Secret', () => {
    for (const dir of ['base', ...OVERLAYS])
      expect(ofKind(sourceManifests(join(REPO, 'k8s', dir)), 'Secret')).to.deep.equal([]);
  });
});

for (const overlay of OVERLAYS) {
  describe(`k8s/${overlay}, rendered`, () => {
    let all: Manifest[] = [];
    let deployments: Manifest[] = [];
    before(function () {
      if (!hasKubectl()) this.skip();
      all = render(overlay);
      deployments = ofKind(all, 'Deployment');
    });

    it('runs every service', () => {
      expect(deployments.map(serviceOf).sort()).to.deep.equal(servicesOf(REPO));
    });

    it('runs every service with minimal privileges', () => {
      for (const deployment of deployments) {
        const pod = podOf(deployment);
        const [container] = pod.containers;
        const name = deployment.metadata.name;
        expect(pod.securityContext, name)
          .to.include({ runAsNonRoot: true })
          .and.deep.include({ seccompProfile: { type: 'RuntimeDefault' } });
        expect(container.securityContext, name).to.deep.equal({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        });
        expect(pod.automountServiceAccountToken, name).to.equal(false);
        expect(container.image, name).to.match(/:\d+\.\d+\.\d+$/);
        expect(container.resources.requests, name).to.include.keys('cpu', 'memory');
      }
    });

    it('probes the internal listener and gives each service time to stop', () => {
      for (const deployment of deployments) {
        const pod = podOf(deployment);
        const [{ startupProbe, livenessProbe, readinessProbe, lifecycle }] = pod.containers;
        for (const probe of [startupProbe, livenessProbe, readinessProbe])
          expect(probe.httpGet.port).to.equal('internal');
        expect(livenessProbe.httpGet.path).to.equal('/health/live');
        expect(readinessProbe.httpGet.path).to.equal('/health/ready');
        expect(lifecycle.preStop.exec.command).to.deep.equal(['sleep', '5']);
        expect(pod.terminationGracePeriodSeconds).to.be.at.least(5 + 25);
        expect(pod.topologySpreadConstraints).to.have.length(2);
      }
    });

    it('gives each service its required settings', async () => {
      const settings =
        ofKind(all, 'ConfigMap').find(({ metadata }) => metadata.name.startsWith('chatapi-settings'))?.data ?? {};
      for (const deployment of deployments) {
        const given = new Set([
          ...Object.keys(settings),
          ...podOf(deployment).containers[0].env.map(({ name }: any) => name),
        ]);
        const needed = (await settingsOf(REPO, serviceOf(deployment))).filter(({ required }) => required);
        expect(
          needed.map(({ name }) => name).filter((name) => !given.has(name)),
          deployment.metadata.name,
        ).to.deep.equal([]);
      }
    });

    it('refers only to existing objects or to Secrets from outside', () => {
      const names = (kind: string): string[] => ofKind(all, kind).map(({ metadata }) => metadata.name);
      for (const manifest of [...deployments, ...ofKind(all, 'Job')]) {
        expect(names('ConfigMap')).to.include.members(configRefs(manifest));
        expect([...names('Secret'), ...OUTSIDE]).to.include.members(secretRefs(manifest));
      }
      for (const kind of ['PodDisruptionBudget', 'Service'])
        for (const { metadata, spec } of ofKind(all, kind)) {
          const app = (spec.selector.matchLabels ?? spec.selector)['app.kubernetes.io/name'];
          expect([...names('Deployment'), ...names('StatefulSet')], metadata.name).to.include(app);
        }
      for (const { spec } of ofKind(all, 'HorizontalPodAutoscaler'))
        expect(names('Deployment')).to.include(spec.scaleTargetRef.name);
      expect(names('PodDisruptionBudget').sort()).to.deep.equal(names('Deployment').sort());
    });

    it('exposes only the two gateways', () => {
      const open = ofKind(all, 'NetworkPolicy').filter(({ spec }) =>
        spec.ingress?.some((rule: any) => rule.from === undefined),
      );
      expect(open.map(({ metadata }) => metadata.name)).to.deep.equal(['gateways']);
      expect(open[0]?.spec.ingress[0].ports).to.deep.equal([{ port: 'http', protocol: 'TCP' }]);
      for (const { spec } of ofKind(all, 'Service')) expect(spec.type ?? 'ClusterIP').to.equal('ClusterIP');
    });
  });
}

describe('k8s/overlays/production', () => {
  it('contains no Secret, and scales realtime nodes by a metric that they export', function () {
    if (!hasKubectl()) this.skip();
    const all = render('overlays/production');
    expect(ofKind(all, 'Secret')).to.deep.equal([]);
    const metrics = ofKind(all, 'HorizontalPodAutoscaler').flatMap(({ spec }) => spec.metrics);
    const pods = metrics.flatMap((metric: any) => metric.pods?.metric.name ?? []);
    expect(pods).to.deep.equal(['chatapi_ws_connections']);
    expect(exportedMetrics()).to.include.members(pods);
  });
});
