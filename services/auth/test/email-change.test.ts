import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { confirmEmail } from '../src/recovery/email-change.ts';
import { type Auth, configOf, GOOD, openAuth, type Person, personOf } from './harness.ts';
import { type MailServer, mailEnvironment, startMailServer, tokenIn } from './mail-server.ts';

const subjectsOf = (server: MailServer, address: string): string[] =>
  server.of(address).map(({ headers }) => headers.find((one) => one.startsWith('Subject: '))?.slice(9) ?? '');

const withSubject = async (server: MailServer, address: string, subject: string, count = 1) => {
  const found = () => server.of(address).filter(({ headers }) => headers.includes(`Subject: ${subject}`));
  await eventually(() => found().length === count);
  return found()[count - 1] as NonNullable<ReturnType<typeof found>[0]>;
};

describe('a change of e-mail', () => {
  let auth: Auth & { schema: string };
  let server: MailServer;
  before(async () => {
    server = await startMailServer();
    auth = await openAuth({ ...mailEnvironment(server), RATE_LIMIT_MAIL_ADDRESS: '0' });
  });
  after(async () => {
    await auth.close();
    await server.stop();
  });

  const change = (who: Person, email: string, current_password = GOOD) =>
    auth.ask('post', '/users/me/email', auth.as(who)).send({ email, current_password });
  const confirm = (token: string) => auth.ask('post', '/users/email-confirmations').send({ token });
  const emailOf = async ({ id }: Person) => {
    const { body } = await auth.inside('get', `/internal/accounts/${id}`);
    return { email: body.email, email_verified: body.email_verified };
  };
  const linkTo = (address: string, count = 1) => withSubject(server, address, 'Confirm your new e-mail address', count);

  it('counts once the link at the new address is confirmed, and tells the old one twice', async () => {
    const ann = await auth.register('mail.ann');
    await change(ann, 'ann.new@example.com').expect(202);
    const mail = await linkTo('ann.new@example.com');
    expect(mail.text).to.include('https://chat.example.com/account/confirm?token=');
    expect(await emailOf(ann)).to.deep.equal({ email: 'mail.ann@example.com', email_verified: false });
    const notice = await withSubject(server, ann.email, 'Your e-mail address is about to change');
    expect(notice.text).to.include('ann.new@example.com').and.include('192.0.2.1');
    await confirm(tokenIn(mail)).expect(204);
    expect(await emailOf(ann)).to.deep.equal({ email: 'ann.new@example.com', email_verified: true });
    await withSubject(server, ann.email, 'Your e-mail address was changed');
    await auth.login('ann.new@example.com').expect(200);
    await auth.login('mail.ann@example.com').expect(401);
    expect((await confirm(tokenIn(mail)).expect(400)).body.details.reason).to.equal('token_invalid');
  });

  it('needs the current password', async () => {
    const ann = await auth.register('mail.wrong');
    await change(ann, 'wrong.new@example.com', 'not-the-password-1').expect(401);
    await auth.ask('post', '/users/me/email').send({ email: 'a@example.com', current_password: GOOD }).expect(401);
  });

  it('to an address of another account is accepted, and refused when it is confirmed', async () => {
    await auth.register('mail.owner');
    const eve = await auth.register('mail.eve');
    await change(eve, 'mail.owner@example.com').expect(202);
    const token = tokenIn(await linkTo('mail.owner@example.com'));
    expect((await confirm(token).expect(409)).body.code).to.equal('CONFLICT');
    expect((await emailOf(eve)).email).to.equal('mail.eve@example.com');
  });

  it('asked for by somebody who knew the password ends with a new password', async () => {
    const ann = await auth.register('mail.thief');
    await change(ann, 'thief@example.com').expect(202);
    const token = tokenIn(await linkTo('thief@example.com'));
    await auth
      .ask('put', '/users/me/password', auth.as(ann))
      .send({ current_password: GOOD, new_password: 'another-Secret-77' })
      .expect(200);
    expect((await confirm(token).expect(400)).body.details.reason).to.equal('token_invalid');
    expect((await emailOf(ann)).email).to.equal('mail.thief@example.com');
  });

  it('fails while the database is away, and works after that', async () => {
    const ann = await auth.register('mail.away');
    await change(ann, 'away.new@example.com').expect(202);
    const token = tokenIn(await linkTo('away.new@example.com'));
    const away = (): Promise<never> => Promise.reject(new Error('Connection terminated'));
    const db = new Proxy(auth.ctx.db, {
      get: (target, name) => (name === 'transaction' ? away : Reflect.get(target, name)),
    });
    const from = { ip: '192.0.2.1', user_agent: 'mocha', request_id: 'req_test', language: 'en' } as const;
    const error = await confirmEmail({ ...auth.ctx, db }, from, token).catch((one) => one);
    expect(error.message).to.equal('Connection terminated');
    await confirm(token).expect(204);
  });

  it('of two accounts to one address at once goes to one of them', async () => {
    const people = await Promise.all(['mail.one', 'mail.two'].map((name) => auth.register(name)));
    const tokens: string[] = [];
    for (const [i, who] of people.entries()) {
      await change(who, 'wanted@example.com').expect(202);
      tokens.push(tokenIn(await linkTo('wanted@example.com', i + 1)));
    }
    const answers = await Promise.all(tokens.map(confirm));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([204, 409]);
  });

  it('confirmed by two requests at once counts once', async () => {
    const ann = await auth.register('mail.twice');
    await change(ann, 'twice.new@example.com').expect(202);
    const token = tokenIn(await linkTo('twice.new@example.com'));
    const answers = await Promise.all([confirm(token), confirm(token)]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([204, 400]);
  });

  it('ends links to a new password that went to the old address', async () => {
    const ann = await auth.register('mail.links');
    await auth.ask('post', '/users/password-resets').send({ email: ann.email }).expect(202);
    const reset = tokenIn(await withSubject(server, ann.email, 'Set a new password'));
    await change(ann, 'links.new@example.com').expect(202);
    await confirm(tokenIn(await linkTo('links.new@example.com'))).expect(204);
    const { body } = await auth
      .ask('post', '/users/password-resets/confirm')
      .send({ token: reset, new_password: 'another-securepassword-456' })
      .expect(400);
    expect(body.details.reason).to.equal('token_invalid');
  });

  it('is limited to 5 mails an hour; the answer stays the same', async () => {
    const ann = await auth.register('mail.often');
    for (let i = 0; i < 7; i++) await change(ann, `often${i}@example.com`).expect(202);
    await linkTo('often4@example.com');
    expect(subjectsOf(server, 'often5@example.com')).to.deep.equal([]);
    expect(server.of(ann.email)).to.have.length.at.most(5);
  });

  it('whose password is changed meanwhile is refused', async () => {
    const ann = await auth.register('mail.meanwhile');
    const { matches } = auth.ctx.hasher;
    auth.ctx.hasher.matches = async (...args) => {
      const same = await matches(...args);
      await auth.ctx.db.raw(`update accounts set password_hash = 'another' where user_id = ?`, [ann.id]);
      return same;
    };
    await change(ann, 'meanwhile.new@example.com').expect(401);
    auth.ctx.hasher.matches = matches;
  });

  it('of an account that is erased meanwhile is refused', async () => {
    const ann = await auth.register('mail.erased');
    await change(ann, 'erased.new@example.com').expect(202);
    const token = tokenIn(await linkTo('erased.new@example.com'));
    await auth.inside('delete', `/internal/accounts/${ann.id}`).send({}).expect(204);
    await confirm(token).expect(400);
  });

  it('obeys REGISTRATION_DOMAINS', async () => {
    const other = await openAuth({ ...mailEnvironment(server), REGISTRATION_DOMAINS: 'example.com' });
    const ann = await other.register('mail.domain');
    const body = { email: 'ann@elsewhere.example', current_password: GOOD };
    const refused = await other.ask('post', '/users/me/email', other.as(ann)).send(body).expect(403);
    expect(refused.body.details.reason).to.equal('email_domain');
    await other.close();
  });

  it('refuses header injection and what is no address', async () => {
    const ann = await auth.register('mail.inject');
    for (const email of [
      'a@example.com\r\nBcc: b@example.com',
      'a@example.com, b@example.com',
      'A <a@example.com>',
      '',
    ])
      await change(ann, email).expect(400);
  });
});

describe('REQUIRE_VERIFIED_EMAIL', () => {
  let auth: Auth & { schema: string };
  let server: MailServer;
  const admin = { ADMIN_USERNAME: 'boss', ADMIN_EMAIL: 'boss@example.com', ADMIN_PASSWORD: 'boss-securepassword-77' };
  before(async () => {
    server = await startMailServer();
    auth = await openAuth({
      ...mailEnvironment(server),
      ...admin,
      REQUIRE_VERIFIED_EMAIL: 'true',
      RATE_LIMIT_MAIL_ADDRESS: '0',
    });
  });
  after(async () => {
    await auth.close();
    await server.stop();
  });

  const register = (username: string) =>
    auth.ask('post', '/users/register').send({ username, email: `${username}@example.com`, password: GOOD });
  const confirm = (token: string) => auth.ask('post', '/users/email-confirmations').send({ token });
  const resend = (email: string) => auth.ask('post', '/users/email-confirmations/resend').send({ email }).expect(202);
  const linkOf = (name: string, count = 1) =>
    withSubject(server, `${name}@example.com`, 'Confirm your e-mail address', count);

  it('registers without tokens, refuses the login, and lets in who confirmed', async () => {
    const { body } = await register('verify.ann').expect(201);
    expect(Object.keys(body)).to.deep.equal(['user']);
    expect(body.user).to.include({ username: 'verify.ann', email_verified: false });
    const refused = await auth.login('verify.ann').expect(403);
    expect(refused.body.details).to.deep.equal({ reason: 'email_unverified' });
    await auth.login('verify.ann', 'wrong-password-1').expect(401);
    await confirm(tokenIn(await linkOf('verify.ann'))).expect(204);
    const person = (await auth.login('verify.ann').expect(200)).body;
    expect(person.user.email_verified).to.equal(true);
    expect(personOf(person).session_id).to.match(/^ses_/);
  });

  it('sends the link again, which ends the first, and none to who needs none', async () => {
    await register('verify.again').expect(201);
    const first = tokenIn(await linkOf('verify.again'));
    await resend('verify.again@example.com');
    const second = tokenIn(await linkOf('verify.again', 2));
    await confirm(first).expect(400);
    await confirm(second).expect(204);
    await resend('verify.again@example.com');
    await resend('verify.nobody@example.com');
    await register('verify.last').expect(201);
    await linkOf('verify.last');
    expect(server.of('verify.again@example.com')).to.have.length(2);
    expect(server.of('verify.nobody@example.com')).to.deep.equal([]);
  });

  it('lets the first admin in, whom the settings verify', async () => {
    const { body } = await auth.login('boss', admin.ADMIN_PASSWORD).expect(200);
    expect(body.user.email_verified).to.equal(true);
  });

  it('verifies a first admin of a release before at the start', async () => {
    await auth.ctx.db.raw(`update accounts set email_verified = false where username = 'boss'`);
    await auth.login('boss', admin.ADMIN_PASSWORD).expect(403);
    const other = await openAuth({ ...mailEnvironment(server), ...admin, REQUIRE_VERIFIED_EMAIL: 'true' }, auth.schema);
    await other.login('boss', admin.ADMIN_PASSWORD).expect(200);
    await other.close();
  });

  it('asks nothing of an account without an address', async () => {
    await register('verify.none').expect(201);
    await auth.ctx.db.raw(
      'alter table accounts alter column email drop not null, alter column email_key drop not null',
    );
    await auth.ctx.db.raw(`update accounts set email = null, email_key = null where username = 'verify.none'`);
    await auth.login('verify.none').expect(200);
  });
});

describe('settings of mail', () => {
  const smtp = {
    SMTP_URL: 'smtp://mail.example.com',
    MAIL_FROM: 'a@example.com',
    PUBLIC_URL: 'https://chat.example.com',
  };
  const refused: [name: string, more: Record<string, string>][] = [
    ['MAIL_FROM', { ...smtp, MAIL_FROM: '' }],
    ['MAIL_FROM', { MAIL_FROM: 'A <a@example.com>\r\nBcc: b@example.com' }],
    ['MAIL_FROM', { MAIL_FROM: 'no address' }],
    ['PUBLIC_URL', { ...smtp, NODE_ENV: 'production', PUBLIC_URL: '' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://chat.example.com/path' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'javascript:alert(1)' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'chat.example.com' }],
    ['RESET_URL', { RESET_URL: 'javascript:alert(1)' }],
    ['SMTP_URL', { SMTP_URL: 'http://mail.example.com' }],
    ['SMTP_URL', { NODE_ENV: 'production', REQUIRE_VERIFIED_EMAIL: 'true' }],
  ];
  const given = (more: Record<string, string>) => Object.fromEntries(Object.entries(more).filter(([, v]) => v !== ''));

  for (const [name, more] of refused)
    it(`name what is wrong: ${JSON.stringify(more)}`, () => {
      expect(() => configOf(given(more))).to.throw(name);
    });

  it('are complete with pages of the operator’s own instead of PUBLIC_URL', () => {
    const own = { RESET_URL: 'https://app.example.com/reset', CONFIRM_URL: 'https://app.example.com/confirm' };
    expect(configOf(given({ ...smtp, ...own, NODE_ENV: 'production', PUBLIC_URL: '' })).PUBLIC_URL).to.equal(undefined);
  });
});
