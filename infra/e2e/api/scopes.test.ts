// What application keys reach: every documented operation, with all scopes, with none, and with
// every scope but its own.
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, rest } from '../support/client.ts';
import '../support/shared-cluster.ts';

const METHODS = ['get', 'post', 'put', 'delete'] as const;

interface Operation {
  method: (typeof METHODS)[number];
  path: string;
  scope: string | undefined;
  open: boolean;
}

/** Whether it can be called without a token in a header. */
const isOpen = ({ security }: Json): boolean =>
  security?.length === 0 || security?.some((way: object) => !('bearer' in way)) === true;

describe('scopes', () => {
  let admin: Account;
  let operations: Operation[];
  let scopes: string[];
  const made: string[] = [];

  async function makeKey(granted: string[]): Promise<{ token: string }> {
    const { body } = await rest(admin).post('/admin/keys', { name: 'walk', scopes: granted }).expect(201);
    made.push(body.id);
    return { token: body.key };
  }
  const ask = ({ method, path }: Operation, key: { token: string }) =>
    rest(key)[method](path.replace(/\{\w+\}/g, 'usr_nobody'));

  before(async () => {
    admin = await loginAdmin();
    const document: Json = (await rest().get('/docs/openapi.json').expect(200)).body;
    operations = Object.entries<Json>(document.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method] !== undefined).map((method) => ({
        method,
        path,
        scope: item[method]['x-scope'],
        open: isOpen(item[method]),
      })),
    );
    const body = document.paths['/admin/keys'].post.requestBody.content['application/json'].schema;
    scopes = body.properties.scopes.items.enum;
  });
  after(async () => {
    for (const id of made) await rest(admin).delete(`/admin/keys/${id}`);
  });

  it('a route without a scope refuses a key with all of them', async () => {
    const key = await makeKey(scopes);
    for (const operation of operations.filter(({ scope, open }) => scope === undefined && !open)) {
      const { status, body } = await ask(operation, key);
      expect([status, body.details?.reason], JSON.stringify(operation)).to.deep.equal([403, 'scope']);
    }
  });

  it('a route refuses a key that has every scope but the one it needs', async () => {
    for (const scope of scopes) {
      const of = operations.filter((operation) => operation.scope === scope);
      if (of.length === 0) continue;
      const key = await makeKey(scopes.filter((other) => other !== scope));
      for (const operation of of) {
        const { status, body } = await ask(operation, key);
        expect([status, body.details], JSON.stringify(operation)).to.deep.equal([403, { reason: 'scope', scope }]);
      }
    }
  });

  it('on /admin a key reaches statistics, moderation and webhooks, and nothing else', () => {
    const reached = operations.filter(({ path, scope }) => path.startsWith('/admin') && scope !== undefined);
    expect(new Set(reached.map(({ scope }) => scope))).to.deep.equal(
      new Set(['stats:read', 'moderation:write', 'webhooks:write']),
    );
  });
});
