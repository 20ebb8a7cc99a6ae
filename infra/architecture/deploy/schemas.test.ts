import { expect } from 'chai';
import {
  COMPOSITIONS,
  hasKubectl,
  type Manifest,
  parseManifests,
  render,
  rendered,
  renderedPath,
} from './manifests.ts';
import { schemaFaults } from './schemas.ts';

const REWRITE = 'is out of date: node --conditions=source infra/architecture/write.ts';

describe('the rendered manifests in k8s/rendered', () => {
  for (const [name, composition] of Object.entries(COMPOSITIONS)) {
    it(`${name}: match the schemas of Kubernetes, without unknown fields`, () => {
      const all = rendered(name);
      expect(all).to.have.length.of.at.least(3);
      expect(all.flatMap(schemaFaults)).to.deep.equal([]);
    });

    it(`${name}: are what kubectl makes`, function () {
      this.timeout(60_000);
      if (!hasKubectl()) this.skip();
      // Versions of kubectl may write the same objects differently.
      expect(parseManifests(render(composition)), `${renderedPath(name)} ${REWRITE}`).to.deep.equal(rendered(name));
    });
  }
});

describe('a manifest', () => {
  const deployment = (spec: object): Manifest => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', labels: { any: 'thing' } },
    spec: {
      selector: { matchLabels: { app: 'a' } },
      template: {
        metadata: { labels: { app: 'a' }, annotations: { any: 'thing' } },
        spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { 'example.com/gpu': '1' } } }] },
      },
      ...spec,
    },
  });

  it('that is right is accepted', () => {
    expect(schemaFaults(deployment({ replicas: 2 }))).to.deep.equal([]);
  });

  it('with a misspelt field, at any depth, is refused', () => {
    expect(schemaFaults(deployment({ replica: 2 }))).to.deep.equal(['Deployment a: unknown field .spec.replica']);
    const pod = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i', port: [] }] } };
    expect(schemaFaults(deployment({ template: pod }))).to.deep.equal([
      'Deployment a: unknown field .spec.template.spec.containers.0.port',
    ]);
  });

  it('with a wrong value or without a required field is refused', () => {
    expect(schemaFaults(deployment({ replicas: '2' })).join()).to.include('/spec/replicas must be integer');
    expect(schemaFaults(deployment({ template: undefined })).join()).to.include('template');
  });

  it('of a kind without a schema is refused', () => {
    expect(schemaFaults({ ...deployment({}), kind: 'ReplicaSet' })).to.have.length(1);
  });
});
