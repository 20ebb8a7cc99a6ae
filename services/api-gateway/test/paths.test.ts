import { posix } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { isSocketPath, openTable } from '../src/paths.ts';
import { rows } from '../src/routes.ts';

const find = openTable(rows);

describe('the route table', () => {
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

  it('takes fixed paths before ids, and rooms that are named like them where only an id fits', () => {
    expect(find('/rooms/public')?.pattern).to.equal('/rooms/public');
    expect(find('/rooms/public/join')?.pattern).to.equal('/rooms/:id/join');
    expect(find('/messages/m/reactions/%F0%9F%91%8D')?.pattern).to.equal('/messages/:id/reactions/:emoji');
  });

  it('finds for no written path anything that a reader who decodes or cleans it would take for another route', () => {
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

  it('knows one socket path', () => {
    for (const path of ['/ws/usr_1', '/ws/me', '/ws/usr_1/']) expect(isSocketPath(path), path).to.equal(true);
    for (const path of ['/ws', '/ws/', '/ws//', '/ws/a/b', '/ws/.', '/ws/..', '/ws/%2e', '/ws/a%2fb'])
      expect(isSocketPath(path), path).to.equal(false);
  });
});
