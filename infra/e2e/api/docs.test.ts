import { expect } from 'chai';
import { type Json, register, rest } from '../support/client.ts';
import { checkAnswer, checkFrame } from '../support/documents.ts';
import '../support/shared-cluster.ts';

const PATHS: Record<string, string[]> = {
  '/users/register': ['post'],
  '/users/login': ['post'],
  '/users/refresh': ['post'],
  '/users/logout': ['post'],
  '/users/me': ['get', 'put'],
  '/users/me/password': ['put'],
  '/users/me/sessions': ['get'],
  '/users/me/sessions/{id}': ['delete'],
  '/users/{id}': ['get'],
  '/users': ['get'],
  '/rooms': ['get', 'post'],
  '/rooms/public': ['get'],
  '/rooms/{id}': ['get', 'put', 'delete'],
  '/rooms/{id}/join': ['post'],
  '/rooms/{id}/leave': ['post'],
  '/rooms/{id}/members': ['get', 'post'],
  '/rooms/{id}/members/{user_id}': ['put', 'delete'],
  '/rooms/{id}/read': ['put'],
  '/messages': ['get', 'post'],
  '/messages/search': ['get'],
  '/messages/{id}': ['get', 'put', 'delete'],
  '/messages/{id}/reactions/{emoji}': ['put', 'delete'],
  '/files': ['get'],
  '/files/upload': ['post'],
  '/files/{id}': ['get', 'delete'],
  '/files/{id}/content': ['get'],
  '/files/{id}/thumbnail': ['get'],
  '/admin/dashboard/stats': ['get'],
  '/admin/users': ['get'],
  '/admin/users/{id}/ban': ['post'],
  '/admin/users/{id}/unban': ['post'],
  '/admin/users/{id}/role': ['put'],
  '/admin/users/{id}/unlock': ['post'],
  '/admin/users/{id}/sessions': ['delete'],
  '/admin/messages/{id}': ['delete'],
  '/admin/audit-log': ['get'],
  '/admin/system/health': ['get'],
  '/': ['get'],
  '/test-db': ['get'],
};

/** Path parameters may have any name. */
const shape = (path: string): string => path.replace(/\{[^}]+\}/g, '{}').replace(/(.)\/$/, '$1');

const operations = (doc: Json): [string, string, Json][] =>
  Object.entries<Json>(doc.paths).flatMap(([path, item]) =>
    Object.entries<Json>(item)
      .filter(([method]) => ['get', 'post', 'put', 'delete'].includes(method))
      .map(([method, operation]): [string, string, Json] => [path, method, operation]),
  );

/** All `$ref`s of the document, resolved within it. */
function refs(doc: Json, at: Json = doc): string[] {
  if (at === null || typeof at !== 'object') return [];
  const own = typeof at.$ref === 'string' ? [at.$ref as string] : [];
  return [...own, ...Object.values(at).flatMap((value) => refs(doc, value))];
}

const resolve = (doc: Json, ref: string): Json =>
  ref
    .split('/')
    .slice(1)
    .reduce((at, key) => at?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], doc);

describe('the API documents', () => {
  let doc: Json;
  before(async () => {
    doc = (await rest().get('/docs/openapi.json').expect(200)).body;
  });

  it('openapi.json is OpenAPI 3.1 with resolvable references', () => {
    expect(doc.openapi).to.match(/^3\.1\./);
    expect(doc.info).to.include.all.keys('title', 'version');
    for (const ref of refs(doc)) expect(resolve(doc, ref), ref).to.not.equal(undefined);
    for (const [path, method, operation] of operations(doc)) {
      const name = `${method} ${path}`;
      expect(operation.summary, name).to.be.a('string');
      expect(Object.keys(operation.responses), name).to.satisfy((codes: string[]) =>
        codes.some((code) => /^2\d\d$/.test(code)),
      );
      const declared = (operation.parameters ?? []).filter((p: Json) => p.in === 'path').map((p: Json) => p.name);
      expect(declared, name).to.have.members([...path.matchAll(/\{([^}]+)\}/g)].map(([, parameter]) => parameter));
    }
  });

  it('openapi.json lists every public route and no internal one', () => {
    const known = new Map<string, Set<string>>();
    for (const [path, method] of operations(doc))
      known.set(shape(path), (known.get(shape(path)) ?? new Set()).add(method));
    for (const [path, methods] of Object.entries(PATHS))
      expect([...(known.get(shape(path)) ?? [])], path).to.include.members(methods);
    expect(Object.keys(doc.paths).filter((path) => /internal|metrics|health\//.test(path))).to.deep.equal([]);
  });

  it('operation ids are unique, and responses with a body have a schema', () => {
    const ids = operations(doc)
      .map(([, , operation]) => operation.operationId)
      .filter(Boolean);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const [path, method, operation] of operations(doc).filter(([at]) => !at.startsWith('/docs'))) {
      const good = Object.entries<Json>(operation.responses).filter(
        ([code]) => /^2/.test(code) && code !== '202' && code !== '204',
      );
      for (const [code, response] of good) expect(response.content, `${method} ${path} ${code}`).to.be.an('object');
    }
  });

  it('defines every security scheme that an operation names', () => {
    const named = [doc, ...operations(doc).map(([, , operation]) => operation)].flatMap(({ security = [] }) =>
      security.flatMap((one: Json) => Object.keys(one)),
    );
    expect([...new Set(named)]).to.deep.equal(['bearer']);
    expect(doc.components.securitySchemes).to.have.all.keys('bearer');
  });

  it('names objects and their required fields, and states the limits that the server enforces', () => {
    const { schemas } = doc.components;
    expect(schemas).to.include.all.keys('Message', 'Attachment', 'Reaction', 'Room', 'Member', 'Me', 'Profile', 'File');
    for (const [name, schema] of Object.entries<Json>(schemas)) expect(schema.required, name).to.be.an('array');
    expect(schemas.Message.required).to.include('content').and.not.include('recipient_id');
    const bodyOf = (path: string): Json =>
      doc.paths[path].post.requestBody.content['application/json'].schema.properties;
    expect(bodyOf('/messages').content).to.include({ maxLength: 4000 });
    expect(bodyOf('/messages').client_id).to.include({ maxLength: 64 });
    expect(bodyOf('/rooms').name).to.include({ maxLength: 100 });
    expect(bodyOf('/rooms').chat_id.allOf).to.deep.include({ not: { pattern: '^(?:[Dd][Mm]|[Ss][Ee][Ll][Ff]):' } });
    expect(bodyOf('/users/register').password).to.include({ minLength: 2, maxLength: 72 });
  });

  it('rejects in tests what it does not allow: an unknown field, a missing one, another status', async () => {
    const ann = await register('ann');
    const me = (await rest(ann).get('/users/me').expect(200)).body;
    const answer = { method: 'GET', path: '/users/me', status: 200, type: 'application/json' };
    expect(() => checkAnswer({ ...answer, body: me })).not.to.throw();
    expect(() => checkAnswer({ ...answer, body: { ...me, password: 'x' } })).to.throw(/password/);
    expect(() => checkAnswer({ ...answer, body: { ...me, bio: undefined } })).to.throw(/bio/);
    expect(() => checkAnswer({ ...answer, status: 201, body: me })).to.throw(/201/);
    const frame = { type: 'message_status', message_id: 'm', chat_id: 'r', status: 'read', timestamp: me.created_at };
    expect(() => checkFrame(frame)).not.to.throw();
    expect(() => checkFrame({ ...frame, seq: 1 })).to.throw(/seq/);
    expect(() => checkFrame({ type: 'unheard_of' })).to.throw(/unheard_of/);
  });

  it('asyncapi.json lists every frame of the socket', async () => {
    const { body } = await rest().get('/docs/asyncapi.json').expect(200);
    expect(body.asyncapi).to.be.a('string');
    const text = JSON.stringify(body);
    for (const type of [
      'hello',
      'ack',
      'error',
      'message',
      'message_updated',
      'message_deleted',
      'reaction',
      'member_joined',
      'member_left',
      'room_updated',
      'user_status',
      'message_status',
      'typing',
      'room_joined',
      'room_removed',
      'resume',
      'resumed',
      'read',
      'auth',
      'ping',
      'pong',
    ])
      expect(text, type).to.include(`"${type}"`);
  });

  it('the page is not framable and loads nothing from outside', async () => {
    const { text, headers } = await rest().get('/docs').expect(200);
    expect(`${headers['x-frame-options']} ${headers['content-security-policy']}`).to.match(
      /DENY|frame-ancestors 'none'/i,
    );
    // The guide is there where it was built (e2e/docs).
    const assets = [...text.matchAll(/(?:src|href)="((?!\/docs\/guide)[^"]+)"/g)].map(([, url]) => url as string);
    expect(assets).to.not.be.empty;
    for (const asset of assets) {
      expect(asset).to.not.match(/^(https?:)?\/\//);
      if (!asset.startsWith('data:')) await rest().get(new URL(asset, 'http://x/docs/').pathname).expect(200);
    }
  });
});
