import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, login, register, rest } from '../support/client.ts';
import { gateways, nodes } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

/** Well above the second that it takes; a loaded machine exceeds it. */
const WITHIN_MS = 5000;
const refresh = (refresh_token: string, url?: string) => rest(undefined, url).post('/users/refresh', { refresh_token });
const tokenDead = (account: { token: string }): Promise<void> =>
  eventually(
    async () => void expectError(await rest(account).get('/users/me'), 401, 'AUTHENTICATION_ERROR'),
    WITHIN_MS,
  );

describe('sessions', () => {
  let ann: Account;
  beforeEach(async () => {
    ann = await register('ann');
  });
  afterEach(closeAll);

  it('rotate the refresh token; using the successor invalidates the old one, and reuse ends the session', async () => {
    const second = (await refresh(ann.refresh_token).expect(200)).body;
    expect(second.refresh_token).to.not.equal(ann.refresh_token);
    await rest({ token: second.access_token }).get('/users/me').expect(200);
    const third = (await refresh(second.refresh_token).expect(200)).body;
    expectError(await refresh(ann.refresh_token), 401, 'AUTHENTICATION_ERROR');
    expectError(await refresh(third.refresh_token), 401, 'AUTHENTICATION_ERROR');
    await tokenDead({ token: third.access_token });
  });

  it('survive a lost response: until its successor is used, a token returns the same one again', async () => {
    const lost = (await refresh(ann.refresh_token).expect(200)).body;
    const again = (await refresh(ann.refresh_token).expect(200)).body;
    expect(again.refresh_token).to.equal(lost.refresh_token);
    await refresh(again.refresh_token).expect(200);
  });

  it('stay one session when two tabs refresh concurrently through different gateways', async () => {
    const answers = await Promise.all(gateways().map((url) => refresh(ann.refresh_token, url)));
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
    for (const { body } of answers) await rest({ token: body.access_token }).get('/users/me').expect(200);
    const token = answers[0]?.body.access_token;
    const { sessions } = (await rest({ token }).get('/users/me/sessions').expect(200)).body;
    expect(sessions).to.have.length(1);
    expect(answers[0]?.body.refresh_token).to.equal(answers[1]?.body.refresh_token);
    await Promise.all(answers.map(({ body }) => refresh(body.refresh_token).expect(200)));
  });

  it('can be listed and ended, on REST and on a live socket', async () => {
    const phone = await login(ann);
    const live = await connect(phone, nodes()[1]);
    const { sessions } = (await rest(ann).get('/users/me/sessions').expect(200)).body;
    expect(sessions).to.have.length(2);
    expect(sessions.filter((s: Json) => s.current)).to.have.length(1);
    expect(sessions[0]).to.include.all.keys('id', 'created_at', 'last_used_at', 'ip', 'user_agent', 'current');
    const other = sessions.find((s: Json) => !s.current);
    const ended = Date.now();
    await rest(ann).delete(`/users/me/sessions/${other.id}`).expect(204);
    expect((await live.closed).code).to.equal(4401);
    expect(Date.now() - ended).to.be.lessThan(WITHIN_MS);
    await tokenDead(phone);
    expectError(await refresh(phone.refresh_token), 401, 'AUTHENTICATION_ERROR');
    await rest(ann).get('/users/me').expect(200);
  });

  it('end everywhere on logout, with tokens and sockets; others stay', async () => {
    const phone = await login(ann);
    const [mine, phones] = [await connect(ann, nodes()[1]), await connect(phone, nodes()[0])];
    await rest(ann).post('/users/logout').expect(204);
    expect((await mine.closed).code).to.equal(4401);
    await Promise.all(
      gateways().map((url) =>
        eventually(
          async () => void expectError(await rest(ann, url).get('/users/me'), 401, 'AUTHENTICATION_ERROR'),
          WITHIN_MS,
        ),
      ),
    );
    phones.send({ type: 'ping' });
    await phones.next('pong');
  });

  it('end on a password change, including a thief’s; only the new password logs in', async () => {
    const phone = await login(ann);
    const live = await connect(phone);
    const change = (current_password: string) =>
      rest(ann).put('/users/me/password', { current_password, new_password: 'granite-window-sail-88' });
    expectError(await change('not-the-password-1'), 401, 'AUTHENTICATION_ERROR');
    const mine = await connect(ann, nodes()[1]);
    const renewed = (await change(ann.password).expect(200)).body;
    expect([(await live.closed).code, (await mine.closed).code]).to.deep.equal([4401, 4401]);
    for (const ended of [phone, ann]) await tokenDead(ended);
    expectError(await refresh(ann.refresh_token), 401, 'AUTHENTICATION_ERROR');
    await rest({ token: renewed.access_token }).get('/users/me').expect(200);
    await refresh(renewed.refresh_token).expect(200);
    const old = await rest().post('/users/login', { username_or_email: ann.username, password: ann.password });
    expectError(old, 401, 'AUTHENTICATION_ERROR');
    await login({ username: ann.username, password: 'granite-window-sail-88' });
  });

  it('can all be ended but this one, which also invalidates copies of its tokens', async () => {
    const phone = await login(ann);
    const stolen = (await refresh(ann.refresh_token).expect(200)).body;
    const thief = await connect({ ...ann, token: stolen.access_token }, nodes()[1]);
    const renewed = (await rest(ann).delete('/users/me/sessions').expect(200)).body;
    expect((await thief.closed).code).to.equal(4401);
    for (const token of [phone.token, stolen.access_token, ann.token]) await tokenDead({ token });
    for (const token of [phone, stolen, ann])
      expectError(await refresh(token.refresh_token), 401, 'AUTHENTICATION_ERROR');
    await rest({ token: renewed.access_token }).get('/users/me').expect(200);
    await refresh(renewed.refresh_token).expect(200);
  });

  it('renew a live socket’s token by an auth frame', async () => {
    const live = await connect(ann);
    const { access_token } = (await refresh(ann.refresh_token).expect(200)).body;
    live.send({ type: 'auth', token: access_token });
    expect((await live.next('authenticated')).token_expires_at).to.be.a('string');
    live.send({ type: 'auth', token: 'nonsense' });
    expect((await live.next('error')).code).to.equal('AUTHENTICATION_ERROR');
  });
});
