import { posix } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { createRouteTable, isSocketPath } from '../src/paths.ts';
import { rows } from '../src/routes.ts';

const find = createRouteTable(rows);

describe('route table', () => {
  it('finds every row, with and without the trailing slash', () => {
    for (const { method, path } of rows) {
      const written = path.replace(/:\w+/g, 'usr_01-x.y:z');
      for (const spelling of written === '/' ? ['/'] : [written, `${written}/`]) {
        const found = find(spelling);
        expect(found?.pattern, spelling).to.equal(path);
        expect(found?.path).to.equal(written);
        expect(found?.methods.get(method)?.path).to.equal(path);
      }
    }
  });

  it('prefers fixed paths to ids, and accepts ids that are spelled like them elsewhere', () => {
    expect(find('/rooms/public')?.pattern).to.equal('/rooms/public');
    expect(find('/rooms/public/join')?.pattern).to.equal('/rooms/:id/join');
    expect(find('/messages/m/reactions/%F0%9F%91%8D')?.pattern).to.equal('/messages/:id/reactions/:emoji');
  });

  it('matches no path that decodes or normalizes to another route', () => {
    const part = fc.constantFrom(
      'users',
      'me',
      'admin',
      '..',
      '.',
      '',
      '%2e%2e',
      '%2F',
      '%5c',
      '\\',
      'internal',
      'a',
      ';',
      '%00',
      '%61',
      '?',
      '#',
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const written = `/${parts.join('/')}`;
        const found = find(written);
        if (found === undefined) return;
        const cleaned = posix.normalize(decodeURIComponent(written).replaceAll('\\', '/'));
        expect(find(cleaned)?.pattern, written).to.equal(found.pattern);
      }),
      { numRuns: 3000 },
    );
  });

  it('recognizes socket paths', () => {
    for (const path of ['/ws/usr_1', '/ws/me', '/ws/usr_1/']) expect(isSocketPath(path), path).to.equal(true);
    for (const path of ['/ws', '/ws/', '/ws//', '/ws/a/b', '/ws/.', '/ws/..', '/ws/%2e', '/ws/a%2fb'])
      expect(isSocketPath(path), path).to.equal(false);
  });
});
