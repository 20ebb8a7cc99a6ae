import { basename, join } from 'node:path';
import { SERVICES } from '@chatapi/kit/auth';
import { expect } from 'chai';
import { servicesOf, settingsOf } from '../services.ts';
import { REPO } from '../tree.ts';
import { type Manifest, missingFiles, rendered, sourceManifests } from './manifests.ts';

const OVERLAYS = ['overlays/dev', 'overlays/production'];
/** Secrets that are created outside the manifests. */
const OUTSIDE = [
  ...['chatapi-secrets', 'chatapi-provision', 'chatapi-first-admin', 'chatapi-s3'],
  ...SERVICES.map((service) => `chatapi-${service}`),
];

/** What a generator adds to a name; the Secrets themselves are not in k8s/rendered. */
const HASH = /-[a-z0-9]{10}$/;

const ofKind = (all: Manifest[], kind: string): Manifest[] => all.filter((manifest) => manifest.kind === kind);
const podOf = (manifest: Manifest): any => manifest.spec.template.spec;
const runsService = (deployment: Manifest): boolean =>
  String(podOf(deployment).containers[0].image).startsWith('chatapi/');
const serviceOf = (deployment: Manifest): string =>
  String(podOf(deployment).containers[0].image)
    .replace(/^chatapi\//, '')
    .replace(/:.*/, '');
const containersOf = (manifest: Manifest): any[] => [
  ...podOf(manifest).containers,
  ...(podOf(manifest).initContainers ?? []),
];
const secretRefs = (manifest: Manifest): string[] =>
  containersOf(manifest).flatMap(({ env = [] }: any) =>
    env.flatMap((e: any) => e.valueFrom?.secretKeyRef?.name.replace(HASH, '') ?? []),
  );
const configRefs = (manifest: Manifest): string[] => [
  ...containersOf(manifest).flatMap(({ env = [], envFrom = [] }: any) => [
    ...env.flatMap((e: any) => e.valueFrom?.configMapKeyRef?.name ?? []),
    ...envFrom.flatMap((e: any) => e.configMapRef?.name ?? []),
  ]),
  ...(podOf(manifest).volumes ?? []).flatMap((volume: any) => volume.configMap?.name ?? []),
];

describe('the manifests in k8s', () => {
  for (const overlay of OVERLAYS)
    it(`${overlay} refers only to existing files`, () =>
      expect(missingFiles(join(REPO, 'k8s', overlay))).to.deep.equal([]));

  it('contain no Secret', () => {
    for (const dir of ['base', ...OVERLAYS])
      expect(ofKind(sourceManifests(join(REPO, 'k8s', dir)), 'Secret')).to.deep.equal([]);
  });
});

for (const overlay of OVERLAYS) {
  describe(`k8s/${overlay}, rendered`, () => {
    const all = rendered(basename(overlay));
    const deployments = ofKind(all, 'Deployment').filter(runsService);

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
      for (const manifest of ofKind(all, 'Deployment')) {
        expect(names('ConfigMap')).to.include.members(configRefs(manifest));
        expect(OUTSIDE).to.include.members(secretRefs(manifest));
      }
      for (const kind of ['PodDisruptionBudget', 'Service'])
        for (const { metadata, spec } of ofKind(all, kind)) {
          const app = (spec.selector.matchLabels ?? spec.selector)['app.kubernetes.io/name'];
          expect([...names('Deployment'), ...names('StatefulSet')], metadata.name).to.include(app);
        }
      for (const { spec } of ofKind(all, 'HorizontalPodAutoscaler'))
        expect(names('Deployment')).to.include(spec.scaleTargetRef.name);
      expect(names('PodDisruptionBudget').sort()).to.deep.equal(
        deployments.map(({ metadata }) => metadata.name).sort(),
      );
    });

    it('exposes only the two gateways', () => {
      const open = ofKind(all, 'NetworkPolicy').filter(({ spec }) =>
        spec.ingress?.some((rule: any) => rule.from === undefined),
      );
      expect(open.map(({ metadata }) => metadata.name)).to.deep.equal(['public']);
      expect(open[0]?.spec.ingress[0].ports).to.deep.equal([{ port: 8080, protocol: 'TCP' }]);
      for (const { spec } of ofKind(all, 'Service')) expect(spec.type ?? 'ClusterIP').to.equal('ClusterIP');
    });
  });
}

describe('k8s/overlays/production', () => {
  const all = rendered('production');

  it('trusts no proxies, or single addresses and small networks: pods must not be able to forge addresses', () => {
    const wide = (list: string): string[] =>
      list.split(',').filter((network) => /\/(?:1?\d|2[0-3])$/.test(network) || /:.*\/\d{1,2}$/.test(network));
    expect(wide('10.1.2.0/24,192.0.2.7,2001:db8::/120')).to.deep.equal([]);
    expect(wide('10.0.0.0/8,10.1.0.0/16,2001:db8::/32')).to.have.length(3);
    const settings = ofKind(all, 'ConfigMap').find(({ data }) => data?.TRUSTED_PROXIES !== undefined);
    expect(wide(settings?.data?.TRUSTED_PROXIES ?? 'missing/8')).to.deep.equal([]);
  });

  it('has an HPA per service, which scales out before the one core of a process is busy', () => {
    const scalers = ofKind(all, 'HorizontalPodAutoscaler');
    expect(scalers.map(({ spec }) => spec.scaleTargetRef.name).sort()).to.deep.equal(
      ofKind(all, 'Deployment')
        .filter(runsService)
        .map(({ metadata }) => metadata.name)
        .sort(),
    );
    for (const { metadata, spec } of scalers) {
      const [cpu] = spec.metrics.filter(({ type }: any) => type === 'Resource');
      expect(cpu.resource.target, metadata.name).to.deep.equal({ type: 'AverageValue', averageValue: '600m' });
      expect(spec.minReplicas, metadata.name).to.be.at.least(2);
    }
  });

  it('has nothing that an apply cannot change: no Job', () => {
    for (const overlay of OVERLAYS) expect(ofKind(rendered(basename(overlay)), 'Job')).to.deep.equal([]);
  });

  it('gives only the init container of provisioning the rights of a superuser', () => {
    const provision = ofKind(all, 'Deployment').find(({ metadata }) => metadata.name === 'provision');
    const users = ofKind(all, 'Deployment').flatMap((manifest) =>
      containersOf(manifest)
        .filter(({ env = [] }: any) => env.some((e: any) => e.valueFrom?.secretKeyRef?.name === 'chatapi-provision'))
        .map(({ name }) => `${manifest.metadata.name}/${name}`),
    );
    expect(users).to.deep.equal(['provision/psql']);
    expect(podOf(provision as Manifest).containers).to.have.length(1);
  });
});

describe('k8s/components/private-ca', () => {
  it('gives the CA to every process that connects to PostgreSQL, Redis or S3', () => {
    const deployments = ofKind(rendered('production-with-private-ca'), 'Deployment');
    expect(deployments).to.have.length(servicesOf(REPO).length + 1);
    for (const deployment of deployments)
      for (const { name, env, volumeMounts } of containersOf(deployment)) {
        if (name === 'done') continue;
        const variable = name === 'psql' ? 'PGSSLROOTCERT' : 'NODE_EXTRA_CA_CERTS';
        const path = env.find((e: any) => e.name === variable)?.value;
        const [mount] = volumeMounts.filter((m: any) => m.name === 'private-ca');
        expect(path, `${deployment.metadata.name}/${name}`).to.equal(`${mount?.mountPath}/ca.crt`);
      }
  });
});
