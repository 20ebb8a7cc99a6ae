import { expect } from 'chai';
import { type Auth, GOOD, openAuth } from './harness.ts';

const NEW = 'another-securepassword-456';

describe('limits of mails with links', () => {
  let auth: Auth & { schema: string };
  before(async () => {
    auth = await openAuth();
    await auth.ctx.mailJob.close();
  });
  after(() => auth.close());

  const ask = (email: string, ip?: string) =>
    auth.ask('post', '/users/password-resets', auth.anonymous(ip)).send({ email }).expect(202);
  const mails = async (): Promise<number> => (await auth.ctx.db.raw('select count(*) as n from mails')).rows[0].n;

  it('are 5 an hour for an account, also at once; the answer stays the same', async () => {
    await auth.register('limit.ann');
    await Promise.all(Array.from({ length: 9 }, (_, i) => ask('limit.ann@example.com', `198.51.100.${i}`)));
    expect(await mails()).to.equal(5);
    await auth.ctx.db.raw(`update mail_requests set at = at - interval '61 minutes'`);
    await ask('limit.ann@example.com', '198.51.100.50');
    expect(await mails()).to.equal(6);
  });

  it('are 20 an hour for an address, whatever it asks for', async () => {
    await auth.ctx.db.raw('delete from mails');
    for (let i = 0; i < 3; i++) await auth.register(`limit.many${i}`);
    for (let i = 0; i < 18; i++) await ask(`nobody${i}@example.com`, '203.0.113.9');
    for (let i = 0; i < 3; i++) await ask(`limit.many${i}@example.com`, '203.0.113.9');
    expect(await mails()).to.equal(2);
    await ask('limit.many2@example.com', '203.0.113.10');
    expect(await mails()).to.equal(3);
  });
});

describe('a link to a new password by an admin', () => {
  let auth: Auth & { schema: string };
  before(async () => {
    auth = await openAuth({ NODE_ENV: 'production', PUBLIC_URL: 'https://chat.example.com' });
  });
  after(() => auth.close());

  const make = (id: string) => auth.inside('post', `/internal/accounts/${id}/password-reset`).send({});
  const confirm = (url: string) => {
    const token = new URL(url).searchParams.get('token');
    return auth.ask('post', '/users/password-resets/confirm').send({ token, new_password: NEW });
  };

  it('works without mail, once, and a new one replaces it', async () => {
    const ann = await auth.register('link.ann');
    const first = (await make(ann.id).expect(200)).body;
    expect(first.url).to.match(/^https:\/\/chat\.example\.com\/account\/reset\?token=[\w-]{43}$/);
    expect(Date.parse(first.expires_at) - Date.now()).to.be.within(1_700_000, 1_800_000);
    const second = (await make(ann.id).expect(200)).body;
    await confirm(first.url).expect(400);
    await confirm(second.url).expect(204);
    await confirm(second.url).expect(400);
    const { body } = await auth.login('link.ann', NEW).expect(200);
    // Nobody has read a mail.
    expect(body.user.email_verified).to.equal(false);
  });

  it('is refused for an unknown user, and for a bot', async () => {
    await make('usr_nobody').expect(404);
    const bot = await auth.register('link.bot');
    await auth.ctx.db.raw(`update accounts set kind = 'bot' where user_id = ?`, [bot.id]);
    expect((await make(bot.id).expect(409)).body.details.reason).to.equal('bot');
  });

  it('needs PUBLIC_URL in production, which the answer says', async () => {
    const other = await openAuth({ NODE_ENV: 'production' });
    const ann = await other.register('link.bare');
    const { body } = await other.inside('post', `/internal/accounts/${ann.id}/password-reset`).send({}).expect(503);
    expect(body.details.reason).to.equal('public_url_not_configured');
    await other.close();
  });

  it('is all there is without a mail server: what needs a mail answers 503 and looks nothing up', async () => {
    const ann = await auth.register('link.nomail');
    const sql: string[] = [];
    const note = ({ sql: text }: { sql: string }): void => void sql.push(text);
    auth.ctx.db.on('query', note);
    const me = auth.as(ann);
    for (const [path, body, as] of [
      ['/users/password-resets', { email: ann.email }, undefined],
      ['/users/email-confirmations/resend', { email: ann.email }, undefined],
      ['/users/me/email', { email: 'new@example.com', current_password: GOOD }, me],
    ] as const) {
      const answer = await auth.ask('post', path, as).send(body).expect(503);
      expect(answer.body.details.reason, path).to.equal('mail_not_configured');
    }
    auth.ctx.db.off('query', note);
    // Sweeps and the outbox run whenever they do.
    expect(sql.filter((one) => /accounts|login_gates|into mail/.test(one))).to.deep.equal([]);
  });
});
