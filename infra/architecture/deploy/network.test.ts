import { expect } from 'chai';
import { type Manifest, rendered } from './manifests.ts';
import { allowedEdges, INTERNAL, labelsOf, mayReach, neededEdges, PUBLIC, podNames } from './network.ts';

const OUTSIDE = { 'app.kubernetes.io/name': 'another' };
const WITH_SCHEMA = ['admin', 'auth', 'file', 'integration', 'message', 'provision', 'user'];

for (const overlay of ['dev', 'production']) {
  describe(`the network policies of k8s/overlays/${overlay}`, () => {
    const all = rendered(overlay);
    const pods = [...podNames(), 'provision'];

    it('allow a connection between services if the settings of the caller have the address, and no other', async () => {
      const needed = await neededEdges();
      expect(needed).to.include.members(['api-gateway > auth:8080', 'message > file:9090', 'admin > realtime:9090']);
      expect(needed).not.to.include.members(['user > message:9090']);
      expect(allowedEdges(all, pods)).to.deep.equal(needed);
    });

    it('let others in the namespace reach the public listeners of the two gateways only', () => {
      const open = pods.flatMap((to) =>
        [PUBLIC, INTERNAL].filter((port) => mayReach(all, OUTSIDE, labelsOf(to), port)).map((port) => `${to}:${port}`),
      );
      expect(open.sort()).to.deep.equal(['api-gateway:8080', 'realtime:8080']);
    });

    it('let Prometheus read the metrics of every pod', () => {
      const metrics = all.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'metrics');
      expect(metrics?.spec.ingress).to.deep.equal([
        {
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
          ports: [{ port: INTERNAL, protocol: 'TCP' }],
        },
      ]);
    });

    it('give PostgreSQL to services with a schema only, at a named place', () => {
      const policy = all.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'postgres');
      const values = policy?.spec.podSelector.matchExpressions[0].values as string[];
      expect(values.toSorted()).to.deep.equal(WITH_SCHEMA);
      for (const name of ['postgres', 'redis']) {
        const backend = all.find(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === name);
        expect(backend?.spec.egress, name).to.have.length(1);
        expect(backend?.spec.egress[0].to, name).to.have.length(1);
      }
    });
  });
}

describe('k8s/overlays/dev', () => {
  it('lets only services with a schema reach its PostgreSQL', () => {
    const all = rendered('dev');
    const postgres = { 'app.kubernetes.io/name': 'postgres' };
    const reaching = [...podNames(), 'provision'].filter((pod) => mayReach(all, labelsOf(pod), postgres, 5432));
    expect(reaching.sort()).to.deep.equal(WITH_SCHEMA);
    expect(mayReach(all, OUTSIDE, postgres, 5432)).to.equal(false);
  });
});

describe('a network', () => {
  it('with one edge more, or one less, is found', async () => {
    const all = rendered('production');
    const without = all.filter(({ kind, metadata }) => kind !== 'NetworkPolicy' || metadata.name !== 'file');
    expect(allowedEdges(without, podNames())).not.to.deep.equal(await neededEdges());
    const more: Manifest = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'more' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] },
    };
    expect(allowedEdges([...all, more], podNames())).to.have.length(podNames().length ** 2 * 2);
  });
});
