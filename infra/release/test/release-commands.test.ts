import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from '@chatapi/local';
import { expect } from 'chai';
import { parse } from 'yaml';
import { imagesOf, npmTag, releaseCommands, runInOrder, written } from '../src/index.ts';

describe('the plan of a release', () => {
  it('has an image of each service, under the name that compose and Kubernetes use', () => {
    const images = imagesOf(REPO, '9.8.7');
    expect(images.map(({ service }) => service).sort()).to.deep.equal(readdirSync(join(REPO, 'services')).sort());
    const { images: inKubernetes } = parse(readFileSync(join(REPO, 'k8s/base/kustomization.yaml'), 'utf8')) as {
      images: { name: string }[];
    };
    expect(images.map(({ tag }) => tag).sort()).to.deep.equal(inKubernetes.map(({ name }) => `${name}:9.8.7`).sort());
  });

  it('builds and tags, then publishes, and pushes the tag last', () => {
    const commands = releaseCommands({
      root: '/repo',
      version: '0.2.1',
      revision: 'abc',
      released: ['0.2.0'],
      images: [{ service: 'auth', tag: 'chatapi/auth:0.2.1' }],
      tarballs: ['/repo/dist/release/c.tgz', '/repo/dist/release/r.tgz'],
      python: ['/repo/dist/release/c.whl', '/repo/dist/release/c.tar.gz'],
    });
    expect(commands.map(written)).to.deep.equal([
      'docker build -f infra/docker/Dockerfile --build-arg SERVICE=auth --build-arg VERSION=0.2.1 --build-arg REVISION=abc -t chatapi/auth:0.2.1 .',
      "git tag -a v0.2.1 -m 'chatapi 0.2.1'",
      'docker push chatapi/auth:0.2.1',
      'npm publish ./dist/release/c.tgz --access public --tag latest',
      'npm publish ./dist/release/r.tgz --access public --tag latest',
      'python3 -m twine upload dist/release/c.whl dist/release/c.tar.gz',
      'git push origin v0.2.1',
    ]);
  });

  it('stops at the command that fails and says what is left', () => {
    const ran: string[] = [];
    const run = (): void =>
      runInOrder([['a'], ['b', 'two words'], ['c']], (command) => {
        if (command[0] === 'b') throw new Error('no connection');
        ran.push(written(command));
      });
    expect(run).to.throw("no connection\nRemove the cause, then run what is left:\n  b 'two words'\n  c");
    expect(ran).to.deep.equal(['a']);
  });

  it('moves the npm tag `latest` forward only', () => {
    expect(npmTag('0.10.0', ['0.9.9', '0.2.0'])).to.equal('latest');
    expect(npmTag('0.2.1', ['0.2.0', '0.10.0'])).to.equal('release-0.2');
    expect(npmTag('0.1.0', [])).to.equal('latest');
  });
});
