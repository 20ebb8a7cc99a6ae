// Unusual requests of admins, moderators and users: each gets a response, none a 5xx.
import { expect } from 'chai';
import {
  type Account,
  type Json,
  login,
  loginAdmin,
  register,
  registerModerator,
  rest,
  unique,
} from '../support/client.ts';
import { expectError } from '../support/expects.ts';
import '../support/shared-cluster.ts';

const NUL = '\0';
const SURROGATE = '\ud800';

describe('unusual admin requests', () => {
  let admin: Account;
  let mod: Account;
  let ann: Account;
  before(async () => {
    [admin, mod, ann] = [await loginAdmin(), await registerModerator(), await register('ann')];
  });

  const LISTS = ['/admin/users', '/admin/audit-log', '/admin/reports', '/admin/announcements', '/announcements'];

  it('with paging out of range are refused, and the extremes of the range are served', async () => {
    for (const path of LISTS) {
      for (const query of [
        'limit=0',
        'limit=101',
        'limit=-1',
        'limit=1.5',
        'limit=abc',
        'limit=',
        'limit=1&limit=2',
        'skip=-1',
        'skip=',
        'skip=NaN',
        'skip=99999999999999999999',
        'skip=Infinity',
        'skip=9007199254740991',
        'skip=10001',
      ])
        expectError(await rest(admin).get(`${path}?${query}`), 400, 'VALIDATION_ERROR');
      for (const query of ['skip=10000', 'limit=100&skip=0', 'limit=1']) {
        const { body } = await rest(admin).get(`${path}?${query}`).expect(200);
        if (query.startsWith('skip=')) expect(body.has_more, `${path}?${query}`).to.equal(false);
      }
    }
  });

  it('with unusual searches or filters find nothing or are refused', async () => {
    const odd = [
      NUL,
      `a${NUL}b`,
      SURROGATE,
      '\\',
      '%',
      '_',
      "'",
      '"; drop table accounts; --',
      '\u202e',
      '😀',
      '(?=',
      '*',
    ];
    for (const text of odd) {
      const q = encodeURIComponent(text.toWellFormed());
      for (const path of [
        `/admin/users?search=${q}`,
        `/admin/audit-log?action=${q}`,
        `/admin/audit-log?actor_id=${q}`,
        `/admin/reports?target_id=${q}`,
        `/users?search=${q}`,
      ]) {
        const { status, body } = await rest(admin).get(path);
        expect(status, `${path}: ${JSON.stringify(body)}`).to.be.oneOf([200, 400]);
      }
    }
    for (const q of ['%ff', '%c3%28', 'a'.repeat(255)]) {
      const { status } = await rest(admin).get(`/admin/users?search=${q}`);
      expect(status, q).to.be.within(200, 414).and.not.equal(500);
    }
  });

  it('with unusual texts are stored cleaned or refused', async () => {
    const victim = await register('victim');
    const texts = [
      `a${NUL}b`,
      `a${SURROGATE}b`,
      '\u202eabc',
      '<script>alert(1)</script>',
      'x'.repeat(501),
      ' ',
      '\u0000',
    ];
    const raw = (text: string): string => JSON.stringify(text);
    for (const text of texts)
      for (const [path, body, who] of [
        [`/admin/users/${victim.id}/ban`, `{"reason":${raw(text)}}`, admin],
        ['/admin/announcements', `{"text":${raw(text)}}`, admin],
        ['/reports', `{"target_type":"user","target_id":"${victim.id}","reason":${raw(text)}}`, ann],
        ['/reports', `{"target_type":"user","target_id":${raw(text)},"reason":"r"}`, ann],
      ] as const) {
        const answer = await rest(who).post(path).set('Content-Type', 'application/json').send(body);
        expect(answer.status, `${path} ${body}: ${JSON.stringify(answer.body)}`).to.be.oneOf([200, 201, 400, 404]);
      }
    const words = (word: string) =>
      rest(admin)
        .put('/admin/word-filter')
        .set('Content-Type', 'application/json')
        .send(`{"words":[{"word":${raw(word)},"action":"mask"}]}`);
    for (const text of texts) expect((await words(text)).status, raw(text)).to.be.oneOf([200, 400]);
    await rest(admin).put('/admin/word-filter', { words: [] }).expect(200);
    const { entries } = (await rest(admin).get('/admin/audit-log?limit=100').expect(200)).body;
    expect(JSON.stringify(entries)).to.not.include('\\u0000');
  });

  it('for missing users or invalid ids are refused', async () => {
    for (const id of ['usr_none', 'x', 'a'.repeat(64)])
      for (const act of [
        rest(admin).post(`/admin/users/${id}/ban`),
        rest(admin).post(`/admin/users/${id}/unban`),
        rest(admin).put(`/admin/users/${id}/role`, { role: 'user' }),
        rest(admin).post(`/admin/users/${id}/unlock`),
        rest(admin).delete(`/admin/users/${id}/sessions`),
        rest(admin).delete(`/admin/users/${id}`),
        rest(admin).post(`/admin/users/${id}/export`),
        rest(admin).delete(`/admin/messages/${id}`),
      ])
        expectError(await act, 404, 'RESOURCE_NOT_FOUND');
    for (const id of ['%00', 'a'.repeat(65), '%F0%9F%98%80', 'a%20b', "'", '..%2f..', '%2e%2e', '__proto__'])
      for (const path of [`/admin/users/${id}/ban`, `/admin/reports/${id}/resolve`]) {
        const { status } = await rest(admin).post(path);
        expect(status, path).to.be.oneOf([400, 404]);
      }
  });

  it('on oneself, on the last admin, or without the role are refused', async () => {
    const chief = (await register('second')).id;
    for (const act of [
      rest(admin).post(`/admin/users/${admin.id}/ban`),
      rest(admin).put(`/admin/users/${admin.id}/role`, { role: 'user' }),
      rest(admin).put(`/admin/users/${admin.id}/role`, { role: 'moderator' }),
      rest(admin).delete(`/admin/users/${admin.id}`),
      ...[admin.id, mod.id, ann.id].flatMap((id) =>
        [mod, ann].flatMap((who) => [
          rest(who).post(`/admin/users/${id}/ban`),
          rest(who).put(`/admin/users/${id}/role`, { role: 'admin' }),
          rest(who).delete(`/admin/users/${id}/sessions`),
          rest(who).delete(`/admin/users/${id}`),
          rest(who).post(`/admin/users/${id}/export`),
          rest(who).get(`/admin/users/${id}/export`),
        ]),
      ),
    ])
      expectError(await act, 403, 'AUTHORIZATION_ERROR');
    // Two admins demote each other concurrently: one of them stays.
    await rest(admin).put(`/admin/users/${chief}/role`, { role: 'admin' }).expect(200);
    await rest(admin).put(`/admin/users/${chief}/role`, { role: 'user' }).expect(200);
    expect((await rest(admin).get('/admin/users?role_filter=admin').expect(200)).body.total).to.equal(1);
  });

  it('of two admins who demote, ban and erase each other concurrently leave one admin', async () => {
    const others = await Promise.all([register('peer'), register('peer')]);
    for (const { id } of others) await rest(admin).put(`/admin/users/${id}/role`, { role: 'admin' }).expect(200);
    const [one, two] = (await Promise.all(others.map((peer) => login(peer)))) as [Account, Account];
    await Promise.all([
      rest(one).put(`/admin/users/${two.id}/role`, { role: 'user' }),
      rest(two).put(`/admin/users/${one.id}/role`, { role: 'user' }),
      rest(one).post(`/admin/users/${admin.id}/ban`, { reason: unique('duel') }),
      rest(two).put(`/admin/users/${admin.id}/role`, { role: 'user' }),
    ]);
    const left = await Promise.all(
      [admin, one, two].map(async (who) => ({
        who,
        status: (await rest(who).get('/admin/users?role_filter=admin&status_filter=active')).status,
      })),
    );
    const survivors = left.filter(({ status }) => status === 200).map(({ who }) => who);
    expect(survivors).to.have.length.greaterThan(0);
    const by = survivors[0] as Account;
    const { body } = await rest(by).get('/admin/users?role_filter=admin&status_filter=active').expect(200);
    expect(body.users.map(({ id }: Json) => id)).to.include(by.id);
    // Restores the state for later tests.
    await rest(by).post(`/admin/users/${admin.id}/unban`);
    if (by.id !== admin.id) await rest(by).put(`/admin/users/${admin.id}/role`, { role: 'admin' }).expect(200);
    admin = await loginAdmin();
    for (const { id } of others) await rest(admin).put(`/admin/users/${id}/role`, { role: 'user' }).expect(200);
  });
});
