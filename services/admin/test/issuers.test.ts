// Issuers and invites: what admins may send, what goes to auth, and what stays on record.
import { expect } from 'chai';
import request from 'supertest';
import { as, ERROR, type Running, type StandIn, standIn, start } from './harness.ts';

const ISSUER = { issuer: 'https://app.example', audience: 'chat' };
const SECRET = 'a-secret-of-the-application-42-bytes-long!';

describe('issuers and invites', () => {
  let s: Running;
  let auth: StandIn;
  let message: StandIn;
  before(async () => {
    auth = await standIn(({ method, body }) => (method === 'DELETE' ? [204, undefined] : [201, { ...body }]));
    message = await standIn(({ path }) => {
      const id = decodeURIComponent(path.split('/').at(-1) as string);
      if (id === 'away') return ERROR('SERVICE_UNAVAILABLE', 503);
      return id.startsWith('none')
        ? ERROR('RESOURCE_NOT_FOUND', 404)
        : [200, { id, kind: id.startsWith('dm:') ? 'direct' : 'private' }];
    });
    s = await start({ AUTH_INTERNAL_URL: auth.url, MESSAGE_INTERNAL_URL: message.url });
  });
  beforeEach(() => {
    auth.asked.length = 0;
  });
  after(async () => {
    await s?.stop();
    await auth?.stop();
    await message?.stop();
  });
  const post = (path: string, body: object) => request(s.app).post(path).set(as('admin')).send(body);
  const entriesOf = async (id: string) =>
    (await request(s.app).get(`/admin/audit-log?target_id=${id}`).set(as('admin')).expect(200)).body.entries;
  const fieldOf = ({ status, body }: { status: number; body: any }) => [status, body.details.fields[0].path];

  it('an issuer goes to auth with defaults, and its kind of key is on record without the key', async () => {
    const claims = { username: 'nickname' };
    for (const [keys, value] of [
      ['secret', SECRET],
      ['public_keys', ['-----BEGIN PUBLIC KEY-----']],
      ['jwks_url', 'https://app.example/keys'],
    ] as const) {
      const { body } = await post('/admin/issuers', { ...ISSUER, claims, [keys]: value }).expect(201);
      expect(body.id).to.match(/^iss_/);
      expect(auth.asked.at(-1)?.body).to.deep.equal({
        ...ISSUER,
        ...{ id: body.id, [keys]: value, claims, user_claim: 'sub', create_users: false },
      });
      const [entry] = await entriesOf(body.id);
      expect(entry).to.include({ action: 'issuer.create', outcome: 'done', actor_id: 'usr_admin' });
      expect(entry.details).to.include({ ...ISSUER, keys });
      if (keys !== 'jwks_url') expect(JSON.stringify(entry)).to.not.include(String(value));
    }
  });

  it('an issuer that auth refuses is on record as refused', async () => {
    const { answer } = auth;
    auth.answer = () => ERROR('CONFLICT', 409);
    await post('/admin/issuers', { ...ISSUER, secret: SECRET }).expect(409);
    const id = auth.asked.at(-1)?.body.id;
    auth.answer = answer;
    expect((await entriesOf(id))[0]).to.include({ outcome: 'refused', error: 'CONFLICT' });
  });

  for (const [what, body, field] of [
    ['no key', {}, ''],
    ['two kinds of key', { secret: SECRET, jwks_url: 'https://app.example/keys' }, ''],
    ['a secret of 31 bytes', { secret: 'x'.repeat(31) }, 'secret'],
    ['a secret that is too long', { secret: 'x'.repeat(513) }, 'secret'],
    ['an empty list of keys', { public_keys: [] }, 'public_keys'],
    ['21 keys', { public_keys: Array(21).fill('x') }, 'public_keys'],
    ['a key that is a number', { public_keys: [1] }, 'public_keys.0'],
    ['an empty issuer', { secret: SECRET, issuer: '' }, 'issuer'],
    ['a lone surrogate in the audience', { secret: SECRET, audience: '\ud800' }, 'audience'],
    ['U+0000 in the issuer', { secret: SECRET, issuer: 'a\0b' }, 'issuer'],
    ['an unknown claim', { secret: SECRET, claims: { role: 'role' } }, 'claims.role'],
    ['create_users that is a text', { secret: SECRET, create_users: 'yes' }, 'create_users'],
    ['an unknown field', { secret: SECRET, algorithm: 'none' }, 'algorithm'],
  ] as [string, object, string][])
    it(`an issuer with ${what} is refused`, async () => {
      expect(fieldOf(await post('/admin/issuers', { ...ISSUER, ...body }))).to.deep.equal([400, field]);
      expect(auth.asked).to.deep.equal([]);
    });

  it('an issuer may have a secret of 32 bytes of any script', async () => {
    await post('/admin/issuers', { ...ISSUER, secret: 'é'.repeat(16) }).expect(201);
  });

  it('an invite has a use and no room unless it says so, and its rooms must be there', async () => {
    const { body } = await post('/admin/invites', {}).expect(201);
    expect(auth.asked.at(-1)?.body).to.deep.equal({ id: body.id, max_uses: 1, rooms: [] });
    const full = { max_uses: 1000, expires_at: '2099-01-01T00:00:00.000Z', rooms: ['general', 'team'] };
    const made = await post('/admin/invites', full).expect(201);
    expect(auth.asked.at(-1)?.body).to.deep.equal({ id: made.body.id, ...full });
    expect((await entriesOf(made.body.id))[0]).to.deep.include({ action: 'invite.create', details: full });
    expect(fieldOf(await post('/admin/invites', { rooms: ['team', 'none'] }))).to.deep.equal([400, 'rooms.1']);
    await post('/admin/invites', { rooms: ['away'] }).expect(503);
  });

  for (const [what, body, field] of [
    ['no use', { max_uses: 0 }, 'max_uses'],
    ['1,001 uses', { max_uses: 1001 }, 'max_uses'],
    ['half a use', { max_uses: 1.5 }, 'max_uses'],
    ['an end in the past', { expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    ['21 rooms', { rooms: Array.from({ length: 21 }, (_, n) => `r${n}`) }, 'rooms'],
    ['a room twice', { rooms: ['r', 'r'] }, 'rooms.1'],
    ['a room id that is none', { rooms: ['../x'] }, 'rooms.0'],
    ['a direct room', { rooms: ['dm:usr_a:usr_b'] }, 'rooms.0'],
    ['a code of its own', { code: 'welcome' }, 'code'],
  ] as [string, object, string][])
    it(`an invite with ${what} is refused`, async () => {
      expect(fieldOf(await post('/admin/invites', body))).to.deep.equal([400, field]);
    });

  it('both are deleted on record, and only admins see or change them', async () => {
    for (const [path, action] of [
      ['/admin/issuers/iss_1', 'issuer.delete'],
      ['/admin/invites/inv_1', 'invite.delete'],
    ] as const) {
      await request(s.app).delete(path).set(as('admin')).expect(204);
      expect((await entriesOf(path.split('/')[3] as string))[0]).to.include({ action, outcome: 'done' });
      for (const role of ['moderator', 'user'] as const) {
        await request(s.app).delete(path).set(as(role)).expect(403);
        await request(s.app)
          .get(path.slice(0, path.lastIndexOf('/')))
          .set(as(role))
          .expect(403);
        await request(s.app)
          .post(path.slice(0, path.lastIndexOf('/')))
          .set(as(role))
          .send({})
          .expect(403);
      }
    }
  });

  it('lists pass their page on', async () => {
    const { answer } = auth;
    auth.answer = () => [200, { issuers: [], invites: [], has_more: false, next_cursor: null }];
    for (const path of ['/admin/issuers', '/admin/invites']) {
      await request(s.app).get(`${path}?limit=2&skip=1`).set(as('admin')).expect(200);
      expect(auth.asked.at(-1)?.query).to.include({ limit: '2', skip: '1' });
      const cursor = Buffer.from('["iss_1"]').toString('base64url');
      await request(s.app).get(`${path}?cursor=${cursor}`).set(as('admin')).expect(200);
      expect(auth.asked.at(-1)?.query.cursor).to.equal(cursor);
    }
    auth.answer = answer;
  });
});
