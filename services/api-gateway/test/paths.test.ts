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

  it('takes an opaque id as it is written, whatever it would decode to, and only there', () => {
    for (const id of ['a%2Fb', 'a%5Cb', '%2e%2e', '%2E', '%00', '%2e%2e%2fadmin', '%62atch', 'x%2Ftokens', 'a%252Fb']) {
      const written = `/app/users/${id}`;
      expect(find(written)).to.include({ pattern: '/app/users/:external_id', path: written });
      expect(find(`${written}/tokens`)).to.include({
        pattern: '/app/users/:external_id/tokens',
        path: `${written}/tokens`,
      });
    }
    for (const path of [
      ...['/app/users/.', '/app/users/..', '/app/users/', '/app/users//tokens', '/app/users/a/b', '/app/users/a b'],
      ...[
        '/app/users/%2',
        '/app/users/%zz',
        '/app/users/é',
        '/app%2Fusers/a',
        '/app/%75sers/a',
        '/app/users/a/%74okens',
      ],
      ...['/users/a%2Fb', '/users/%2e%2e', '/rooms/a%5Cb', '/app/users/a\\b'],
    ])
      expect(find(path), path).to.equal(undefined);
  });

  it('a path that an opaque id may have too has the methods of both', () => {
    const found = find('/app/users/batch');
    expect(found?.allow.split(', ').sort()).to.deep.equal(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']);
    expect(found?.methods.get('POST')).to.include({ path: '/app/users/batch', large: true });
    expect(found?.methods.get('PUT')).to.include({ path: '/app/users/:external_id', opaque: true });
    expect(find('/users/me')?.methods.get('GET')?.path).to.equal('/users/me');
    expect(find('/rooms/public')?.allow).to.equal('GET, HEAD, OPTIONS');
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
