import { collectSecurityLines } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Auth, GOOD, openAuth, personOf } from './harness.ts';

const BAD = 'not the password';
const IP = '192.0.2.1';

describe('the security log of auth', () => {
  let auth: Auth;
  let lines: Record<string, unknown>[];
  before(async () => {
    auth = await openAuth();
    lines = collectSecurityLines(auth.ctx);
  });
  beforeEach(() => void lines.splice(0));
  after(() => auth?.close());

  const events = (): unknown[] => lines.map(({ event }) => event);
  const last = (): Record<string, unknown> => lines.at(-1) ?? {};

  it('has registrations, logins and failed logins with account, address and request id', async () => {
    const ann = await auth.register('ann');
    expect(last()).to.include({ event: 'account.registered', outcome: 'done', user_id: ann.id, ip: IP });
    const answer = await auth.login('ann', GOOD);
    expect(last()).to.include({
      event: 'login.succeeded',
      user_id: ann.id,
      request_id: answer.headers['x-request-id'],
    });
    await auth.login('ann', BAD, '192.0.2.9');
    expect(last()).to.include({ event: 'login.failed', outcome: 'refused', user_id: ann.id, ip: '192.0.2.9' });
    await auth.login('nobody at all', BAD);
    expect(last()).to.include({ event: 'login.failed', ip: IP }).and.not.have.property('user_id');
  });

  it('has the lockout of an account and what the limits refuse', async () => {
    const { id } = await auth.register('locked');
    lines.length = 0;
    for (let i = 0; i < 10; i++) await auth.login('locked', BAD, `198.51.100.${i}`);
    expect(events()).to.deep.equal([...Array(10).fill('login.failed'), 'account.locked']);
    await auth.login('locked', GOOD, '198.51.100.77');
    expect(last()).to.include({ event: 'login.locked_out', user_id: id, ip: '198.51.100.77' });
    for (let i = 0; i < 6; i++) await auth.login('ghost', BAD, '198.51.101.1');
    expect(last()).to.include({ event: 'login.limited', ip: '198.51.101.1' });
    await auth.inside('post', `/internal/accounts/${id}/unlock`).send({ actor_id: 'usr_boss', actor_ip: '192.0.2.5' });
    expect(last()).to.include({ event: 'account.unlocked', user_id: id, actor_id: 'usr_boss', ip: '192.0.2.5' });
  });

  it('has a password change and a wrong current password', async () => {
    const ann = await auth.register('changer');
    const change = (current_password: string) =>
      auth.ask('put', '/users/me/password', auth.as(ann)).send({ current_password, new_password: 'quite another 77' });
    await change(BAD).expect(401);
    expect(last()).to.include({ event: 'password.check_failed', user_id: ann.id, ip: IP });
    await change(GOOD).expect(200);
    expect(last()).to.include({ event: 'password.changed', user_id: ann.id, session_id: ann.session_id });
  });

  it('has ended sessions, by their user or by staff, and a stolen refresh token', async () => {
    const ann = await auth.register('ender');
    const phone = personOf((await auth.login('ender')).body);
    await auth.ask('post', '/users/logout', auth.as(phone)).expect(204);
    expect(last()).to.include({ event: 'session.ended', user_id: ann.id, session_id: phone.session_id });
    const before = lines.length;
    await auth.ask('post', '/users/logout', auth.as(phone)).expect(204);
    expect(lines).to.have.length(before);
    await auth.ask('delete', '/users/me/sessions', auth.as(ann)).expect(200);
    expect(last()).to.include({ event: 'sessions.ended', user_id: ann.id }).and.not.have.property('actor_id');
    await auth.inside('delete', `/internal/accounts/${ann.id}/sessions`).send({ actor_id: 'usr_boss' }).expect(204);
    expect(last()).to.include({ event: 'sessions.ended', user_id: ann.id, actor_id: 'usr_boss' });

    const tablet = personOf((await auth.login('ender')).body);
    const refresh = (refresh_token: string) => auth.ask('post', '/users/refresh').send({ refresh_token });
    const second = (await refresh(tablet.refresh_token).expect(200)).body;
    await refresh(second.refresh_token).expect(200);
    await refresh(tablet.refresh_token).expect(401);
    expect(last()).to.include({ event: 'refresh.theft', user_id: ann.id, session_id: tablet.session_id, ip: IP });
  });

  it('has bans, roles and erasures with who ordered them', async () => {
    const { id } = await auth.register('subject');
    const by = { actor_id: 'usr_boss', actor_ip: '192.0.2.5' };
    const acts: ['post' | 'put' | 'delete', string, object, string][] = [
      ['post', '/ban', {}, 'account.banned'],
      ['post', '/unban', {}, 'account.unbanned'],
      ['put', '/role', { role: 'moderator' }, 'account.role_changed'],
      ['delete', '', {}, 'account.erased'],
    ];
    for (const [method, path, more, event] of acts) {
      await auth.inside(method, `/internal/accounts/${id}${path}`).send({ ...by, ...more });
      expect(last()).to.include({ event, user_id: id, actor_id: 'usr_boss', ip: '192.0.2.5' });
    }
    const before = lines.length;
    await auth.inside('post', `/internal/accounts/${id}/ban`).send(by).expect(404);
    expect(lines).to.have.length(before);
  });

  it('has the right password of a banned account as a failed login', async () => {
    const { id } = await auth.register('exiled');
    await auth.inside('post', `/internal/accounts/${id}/ban`).send({ actor_id: 'usr_boss' });
    await auth.login('exiled').expect(403);
    expect(last()).to.include({ event: 'login.failed', user_id: id, reason: 'banned' });
  });

  it('has no name and no password that somebody typed', async () => {
    await auth.login('my secret password', 'another secret 77');
    await auth.register('open', { email: 'very.private@example.com' });
    await auth.login('very.private@example.com', 'another secret 77');
    expect(lines.length).to.equal(3);
    expect(JSON.stringify(lines)).not.to.match(/secret|private/);
  });
});
