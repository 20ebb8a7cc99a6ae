import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Auth, GOOD, openAuth, type Person } from './harness.ts';
import { type MailServer, mailEnvironment, startMailServer, tokenIn } from './mail-server.ts';

const NEW = 'another-securepassword-456';
const GUESS = 'A'.repeat(43);

describe('a password reset', () => {
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

  const ask = (email: string, headers: Record<string, string> = {}) =>
    auth.ask('post', '/users/password-resets').set(headers).send({ email });
  const confirm = (token: string, new_password = NEW) =>
    auth.ask('post', '/users/password-resets/confirm').send({ token, new_password });
  const mailsOf = (email: string, subject = 'Set a new password') =>
    server.of(email).filter(({ headers }) => headers.includes(`Subject: ${subject}`));

  /** The token of the newest link, of which there are `count` then. */
  const tokenFor = async ({ email }: Pick<Person, 'email'>, count = 1): Promise<string> => {
    await ask(email).expect(202);
    await eventually(() => mailsOf(email).length === count);
    return tokenIn(mailsOf(email)[count - 1] as never);
  };

  it('by the mailed link sets the password, ends all sessions, and tells the owner', async () => {
    const ann = await auth.register('reset.ann');
    const token = await tokenFor(ann);
    expect(mailsOf(ann.email)[0]?.text).to.include(`https://chat.example.com/account/reset?token=${token}`);
    await confirm(token).expect(204);
    await auth.login('reset.ann').expect(401);
    await auth.login('reset.ann', NEW).expect(200);
    await auth.ask('post', '/users/refresh').send({ refresh_token: ann.refresh_token }).expect(401);
    await eventually(() => mailsOf(ann.email, 'Your password was changed').length === 1);
  });

  it('answers 202 with an empty body for an unknown address too, and the same statements run', async () => {
    await auth.register('reset.enum');
    const statements = async (email: string): Promise<{ answer: object; sql: string[] }> => {
      const sql: string[] = [];
      const note = ({ sql: text }: { sql: string }): void =>
        void (
          /outbox|mails m set due|mail_link_tokens|delete from mails|profile_changes|ctid|revocations|blocked_names|invites/.test(
            text,
          ) || sql.push(text)
        );
      auth.ctx.db.on('query', note);
      const { status, text, headers } = await ask(email);
      auth.ctx.db.off('query', note);
      const { date: _, 'x-request-id': _id, ...rest } = headers;
      // Of the job, which runs whenever it does.
      return {
        answer: { status, text, rest },
        sql,
      };
    };
    const known = await statements('reset.enum@example.com');
    const unknown = await statements('reset.nobody@example.com');
    expect(known.sql).to.have.length.greaterThan(4);
    expect(unknown).to.deep.equal(known);
    expect(known.answer).to.include({ status: 202, text: '' });
  });

  it('goes to the address as the account spells it, not as the request does', async () => {
    await auth.register('reset.case', { email: 'Reset.Case@example.com' });
    await ask('rESET.cASE@EXAMPLE.com').expect(202);
    await eventually(() => server.of('Reset.Case@example.com').length === 1);
    expect(server.mails.some(({ to }) => to.some((address) => address.startsWith('rESET')))).to.equal(false);
    // Equal as names are, but another mailbox for SMTP: a fullwidth letter.
    await ask('ｒeset.case@example.com').expect(202);
    await eventually(() => server.of('Reset.Case@example.com').length === 2);
    expect(server.mails.some(({ raw }) => raw.includes('ｒ'))).to.equal(false);
  });

  it('is never linked to the host that the request names', async () => {
    const eve = await auth.register('reset.host');
    await ask(eve.email, { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', Origin: 'https://evil.example' });
    await eventually(() => mailsOf(eve.email).length === 1);
    expect(mailsOf(eve.email)[0]?.raw).not.to.include('evil.example');
  });

  it('with a guessed token is VALIDATION_ERROR with the reason token_invalid', async () => {
    for (const token of [GUESS, '', "' or 1=1 --", 'ü'.repeat(40)]) {
      const { body } = await confirm(token).expect(400);
      expect(body.code).to.equal('VALIDATION_ERROR');
      if (token !== '') expect(body.details.reason).to.equal('token_invalid');
    }
    await confirm('x'.repeat(129)).expect(400);
  });

  it('with a used token is refused', async () => {
    const bob = await auth.register('reset.used');
    const token = await tokenFor(bob);
    await confirm(token).expect(204);
    const { body } = await confirm(token, GOOD).expect(400);
    expect(body.details.reason).to.equal('token_invalid');
    await auth.login('reset.used', NEW).expect(200);
  });

  it('by two requests at once sets one password: one wins', async () => {
    const ann = await auth.register('reset.raced');
    const token = await tokenFor(ann);
    const passwords = [NEW, 'raced-securepassword-789'];
    const answers = await Promise.all(passwords.map((password) => confirm(token, password)));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([204, 400]);
    const won = passwords[answers.findIndex(({ status }) => status === 204)];
    await auth.login('reset.raced', won).expect(200);
  });

  it('by a link that a newer one replaced is refused', async () => {
    const ann = await auth.register('reset.newer');
    const first = await tokenFor(ann);
    const second = await tokenFor(ann, 2);
    expect((await confirm(first).expect(400)).body.details.reason).to.equal('token_invalid');
    await confirm(second).expect(204);
  });

  it('by an expired link is refused', async () => {
    const ann = await auth.register('reset.late');
    const token = await tokenFor(ann);
    await auth.ctx.db.raw(`update mail_link_tokens set expires_at = now() - interval '1 second'`);
    expect((await confirm(token).expect(400)).body.details.reason).to.equal('token_invalid');
  });

  it('by a link to an address that the account no longer has is refused', async () => {
    const ann = await auth.register('reset.moved');
    const token = await tokenFor(ann);
    // As an application sets it, without a link of its own.
    await auth.ctx.db.raw(
      `update accounts set email_key = 'moved@example.com', email = 'moved@example.com' where user_id = ?`,
      [ann.id],
    );
    expect((await confirm(token).expect(400)).body.details.reason).to.equal('token_invalid');
    await auth.login('reset.moved').expect(200);
  });

  it('with a weak password, or the user’s own name, leaves the token usable', async () => {
    const ann = await auth.register('reset.weakling');
    const token = await tokenFor(ann);
    for (const weak of ['password', 'reset.weakling2026']) {
      const { body } = await confirm(token, weak).expect(400);
      expect(body.details.fields[0].path).to.equal('new_password');
    }
    await confirm(token).expect(204);
  });

  it('gets into a locked account', async () => {
    const ann = await auth.register('reset.locked');
    for (let i = 0; i < 10; i++) await auth.login('reset.locked', `wrong-password-${i}`, `198.51.100.${i}`);
    await auth.login('reset.locked', GOOD, '198.51.100.99').expect(423);
    await confirm(await tokenFor(ann)).expect(204);
    await auth.login('reset.locked', NEW, '198.51.100.99').expect(200);
  });

  it('leaves a banned account banned', async () => {
    const ann = await auth.register('reset.banned');
    await auth.inside('post', `/internal/accounts/${ann.id}/ban`).send({ actor_id: 'usr_admin' }).expect(200);
    await confirm(await tokenFor(ann)).expect(204);
    await auth.login('reset.banned', NEW).expect(403);
  });

  it('verifies the address, since its owner read the mail', async () => {
    const ann = await auth.register('reset.verified');
    await confirm(await tokenFor(ann)).expect(204);
    expect((await auth.login('reset.verified', NEW)).body.user.email_verified).to.equal(true);
  });

  it('is not possible by an older link after the password was changed', async () => {
    const ann = await auth.register('reset.changed');
    const token = await tokenFor(ann);
    const body = { current_password: GOOD, new_password: NEW };
    await auth.ask('put', '/users/me/password', auth.as(ann)).send(body).expect(200);
    await confirm(token, 'third-securepassword-789').expect(400);
    await auth.login('reset.changed', NEW).expect(200);
    await eventually(() => mailsOf(ann.email, 'Your password was changed').length === 1);
  });

  it('of an erased account is refused', async () => {
    const ann = await auth.register('reset.erased');
    const token = await tokenFor(ann);
    await auth.inside('delete', `/internal/accounts/${ann.id}`).send({}).expect(204);
    expect((await confirm(token).expect(400)).body.details.reason).to.equal('token_invalid');
  });

  it('refuses addresses that are none, and fields that would reach a header', async () => {
    for (const email of ['a@b.c\r\nBcc: x@y.z', 'a b', 'a@b\n.example', '"a\r\nb"@example.com', '', 'x'.repeat(255)])
      await ask(email).expect(400);
    await auth.ask('post', '/users/password-resets').send({ email: 'a@example.com', cc: 'b@example.com' }).expect(400);
  });

  it('is not mailed to an account that never had a password; an admin’s link gives it one', async () => {
    const ann = await auth.register('reset.none');
    await auth.ctx.db.raw('update accounts set password_hash = null where user_id = ?', [ann.id]);
    await ask(ann.email).expect(202);
    const bob = await auth.register('reset.some');
    await tokenFor(bob);
    expect(server.of(ann.email)).to.deep.equal([]);
    const { body } = await auth.inside('post', `/internal/accounts/${ann.id}/password-reset`).send({}).expect(200);
    // Nor an address, so nobody is told.
    await auth.ctx.db.raw('update accounts set email = null, email_key = null where user_id = ?', [ann.id]);
    await confirm(new URL(body.url).searchParams.get('token') as string).expect(204);
    await auth.login('reset.none', NEW).expect(200);
  });

  it('is mailed in German to who prefers it', async () => {
    const ann = await auth.register('reset.german');
    await ask(ann.email, { 'Accept-Language': 'fr;q=1, de-AT;q=0.8, en;q=0.5' });
    await eventually(() => mailsOf(ann.email, 'Neues Passwort setzen').length === 1);
    expect(server.of(ann.email)[0]?.text).to.include('30 Minuten lang');
  });

  it('leaves no usable token in the database', async () => {
    const ann = await auth.register('reset.stored');
    await auth.ctx.mailJob.close();
    await ask(ann.email).expect(202);
    const { rows } = await auth.ctx.db.raw(
      'select to_jsonb(m) || to_jsonb(l) as row from mails m join mail_links l using (link_id)',
    );
    expect(rows).to.have.length(1);
    // The ids are no tokens.
    for (const value of Object.values(rows[0].row)) await confirm(String(value).slice(0, 128)).expect(400);
    expect(
      (
        await auth.ctx.db.raw('select 1 from mail_link_tokens t join mail_links using (link_id) where user_id = ?', [
          ann.id,
        ])
      ).rows,
    ).to.deep.equal([]);
  });
});
