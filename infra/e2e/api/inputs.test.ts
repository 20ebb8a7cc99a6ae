// One reading of inputs: what a fault is does not depend on the route, nor on the way to it.
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest, unique } from '../support/client.ts';
import { gateway } from '../support/cluster.ts';
import { expectError, expectInvalid } from '../support/expects.ts';
import '../support/shared-cluster.ts';

describe('inputs', () => {
  let ann: Account;
  let bob: Account;
  let admin: Account;
  before(async () => {
    [ann, bob, admin] = [await register('ann'), await register('bob'), await loginAdmin()];
  });

  /** As written: no client changes the type or the bytes. */
  async function send(method: string, path: string, type: string, body: string | Buffer): Promise<Json> {
    const headers = { authorization: `Bearer ${ann.token}`, 'content-type': type };
    const answer = await fetch(gateway() + path, { method, headers, body });
    return { status: answer.status, body: await answer.json() };
  }

  it('in a charset that is not UTF-8 are refused with its name, by proxied HTTP and by RPC alike', async () => {
    for (const [path, method, text] of [
      ['/users/me', 'PUT', '{"bio":"x"}'],
      ['/messages/', 'POST', `{"chat_id":"${unique('charset')}","content":"x"}`],
    ] as const) {
      for (const charset of ['utf8', 'UTF-8', '"utf-8"', 'us-ascii'])
        expect((await send(method, path, `application/json; charset=${charset}`, text)).status, charset).to.be.below(
          300,
        );
      for (const charset of ['utf-7', 'iso-8859-1', 'utf-16', 'windows-1252', 'x']) {
        const answer = await send(method, path, `application/json; charset=${charset}`, text);
        expect(expectError(answer, 415, 'UNSUPPORTED_MEDIA_TYPE').message).to.include(charset);
      }
      const latin = Buffer.from(text.replace('x"', 'é"'), 'latin1');
      for (const type of ['application/json', 'application/json; charset=utf8'])
        expectError(await send(method, path, type, latin), 400, 'VALIDATION_ERROR');
    }
  });

  it('with `__proto__` are refused everywhere, and every fault of a body is named at once', async () => {
    for (const [method, path, text, names] of [
      [
        'POST',
        '/messages/',
        '{"chat_id":"!","content":"","__proto__":{"admin":true}}',
        ['chat_id', 'content', '__proto__'],
      ],
      ['POST', '/rooms', '{"chat_id":"public","name":1,"constructor":1}', ['chat_id', 'name', 'constructor']],
      ['PUT', '/users/me', '{"bio":1,"avatar_url":"x","__proto__":null}', ['bio', 'avatar_url', '__proto__']],
      ['POST', '/users/register', '{"username":"x","email":"y","password":"z"}', ['username', 'email', 'password']],
    ] as const) {
      const { details, message } = expectError(
        await send(method, path, 'application/json', text),
        400,
        'VALIDATION_ERROR',
      );
      expect(details.fields.map((field: Json) => field.path)).to.have.members(names);
      expect(message).to.equal(details.fields[0].message);
    }
  });

  it('with thousands of faults get a short answer', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`field${i}`, 1]));
    const body = JSON.stringify(many);
    const answer = await send('POST', '/rooms', 'application/json', body);
    expect(answer.body.details.fields).to.have.length(20);
    const list = { member_ids: Array.from({ length: 20_000 }, () => 1) };
    expectInvalid(await rest(ann).post('/rooms', list), 'member_ids.0');
    expect(JSON.stringify(answer.body).length).to.be.below(body.length / 5);
  });

  it('that are times have a zone with minutes and a day that exists', async () => {
    const chat_id = unique('times');
    await rest(ann).post('/rooms', { chat_id }).expect(201);
    await rest(bob).post(`/rooms/${chat_id}/join`).expect(204);
    for (const until of [
      ...['2099-01-01T10:00:00+05', '2099-01-01T10:00-03', '2099-02-30T10:00:00Z', '2099-01-01T24:00:00Z'],
      ...['2099-01-01T10:00:00', '2099-01-01', '2099-13-01T00:00:00Z', '2099-01-01T10:00:60Z', 4070908800000],
    ]) {
      expectInvalid(await rest(ann).put(`/rooms/${chat_id}/members/${bob.id}/mute`, { until }), 'until');
      expectInvalid(await rest(admin).post(`/admin/users/${bob.id}/ban`, { until }), 'until');
    }
    const member = await rest(ann).put(`/rooms/${chat_id}/members/${bob.id}/mute`, {
      until: '2099-01-01t10:00:00+05:00',
    });
    expect(member.body.muted_until).to.equal('2099-01-01T05:00:00.000Z');
  });

  it('that are room ids can’t be words of routes', async () => {
    expectInvalid(await rest(ann).post('/rooms', { chat_id: 'public' }), 'chat_id');
    expectInvalid(await rest(ann).post('/messages/', { chat_id: 'public', content: 'x' }), 'chat_id');
    for (const chat_id of ['self:x', 'DM:x', 'Self:y'])
      expectInvalid(await rest(ann).post('/rooms', { chat_id }), 'chat_id');
  });

  it('in a query that nobody knows are refused, on reads and on writes', async () => {
    for (const path of ['/messages/search?q=x&room=r', '/users/me?x=1', '/messages/?chatid=r', '/rate-limits?x=1'])
      expectError(await rest(ann).get(path), 400, 'VALIDATION_ERROR');
    expectInvalid(await rest(admin).get('/admin/audit-log?since=2030-01-01T00:00:00Z'), 'since');
    expectInvalid(await rest(ann).post('/messages/?x=1', { chat_id: unique('q'), content: 'x' }), 'x');
  });
});
