// The queue of mails, with real SMTP servers that are away, hang, refuse, or see one mail twice.
import type { RecurringTask } from '@chatapi/kit';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type MailTiming, startMailJob } from '../src/mail/mail-job.ts';
import { leaseMails } from '../src/mail/mail-store.ts';
import { queueNotice } from '../src/mail/queue.ts';
import { createMailTransport } from '../src/mail/transport.ts';
import { type Auth, configOf, openAuth, type Person } from './harness.ts';
import { type MailServer, mailEnvironment, startMailServer } from './mail-server.ts';

const FROM = { ip: '192.0.2.1', language: 'en' } as const;
const QUICK: Partial<MailTiming> = { pollMs: 20, firstRetryS: 0.05 };

describe('the queue of mails', () => {
  let auth: Auth & { schema: string };
  let server: MailServer;
  let ann: Person;
  const jobs: RecurringTask[] = [];
  before(async () => {
    server = await startMailServer();
    auth = await openAuth({ ...mailEnvironment(server), RATE_LIMIT_MAIL: '0', RATE_LIMIT_MAIL_ADDRESS: '0' });
    await auth.ctx.mailJob.close();
    ann = await auth.register('queue.ann');
  });
  beforeEach(async () => {
    server.behave({});
    await auth.ctx.db.raw('delete from mails');
  });
  afterEach(() => Promise.all(jobs.splice(0).map((job) => job.close())));
  after(async () => {
    await auth.close();
    await server.stop();
  });

  const start = (timing: Partial<MailTiming> = {}, smtp = server.url, on = auth.ctx): RecurringTask => {
    const transport = createMailTransport({ ...on.config, SMTP_URL: smtp });
    const job = startMailJob(on, { ...QUICK, ...timing }, transport);
    jobs.push(job);
    return job;
  };
  const queue = (recipient: string) =>
    auth.ctx.db.transaction((trx) =>
      queueNotice(auth.ctx, trx, FROM, { kind: 'password-changed', user_id: ann.id, recipient }),
    );
  const waiting = async () => (await auth.ctx.db.raw('select * from mails order by created_at')).rows;
  const isEmpty = () => eventually(async () => (await waiting()).length === 0);
  const counted = async (result: string): Promise<number> => {
    const { values } = await (auth.ctx.metrics.getSingleMetric('chatapi_mails_total') as any).get();
    return values.find(({ labels }: any) => labels.result === result).value;
  };

  it('keeps mails while the server is away, and sends them when it is back', async () => {
    const port = Number(new URL(server.url).port);
    await server.stop();
    start();
    await queue('away@example.com');
    await eventually(async () => (await waiting())[0]?.attempts >= 2);
    const age = await auth.ctx.metrics.getSingleMetricAsString('chatapi_mails_oldest_seconds');
    expect(Number(age.trim().split(' ').at(-1))).to.be.greaterThan(0);
    server = await startMailServer(port);
    await isEmpty();
    expect(server.of('away@example.com')).to.have.length(1);
  });

  it('a server that hangs costs one mail its time: others are sent meanwhile, and it later', async () => {
    server.behave({ hangs: true });
    start({ sendMs: 2000 });
    await queue('hangs@example.com');
    await eventually(() => server.hanging === 1);
    server.behave({});
    await queue('quick@example.com');
    await eventually(() => server.of('quick@example.com').length === 1);
    expect(server.of('hangs@example.com')).to.deep.equal([]);
    await eventually(() => server.of('hangs@example.com').length === 1);
  });

  it('an answer never waits for a server that hangs', async () => {
    server.behave({ hangs: true });
    start();
    const begun = server.hanging;
    await auth.ask('post', '/users/password-resets').send({ email: ann.email }).expect(202);
    await eventually(() => server.hanging > begun);
    await auth.ask('post', '/users/password-resets').send({ email: ann.email }).expect(202);
  });

  it('a server that refuses a recipient for good gets no second try; others are sent', async () => {
    server.behave({ refuses: { address: 'gone@example.com', code: 550 } });
    const before = await counted('refused');
    start();
    for (const name of ['gone', 'here']) await queue(`${name}@example.com`);
    await isEmpty();
    expect(server.of('here@example.com')).to.have.length(1);
    expect(await counted('refused')).to.equal(before + 1);
  });

  it('a server that refuses a recipient for now is asked again', async () => {
    server.behave({ refuses: { address: 'grey@example.com', code: 450 } });
    start();
    await queue('grey@example.com');
    await eventually(async () => (await waiting())[0]?.attempts >= 2);
    server.behave({});
    await isEmpty();
    expect(server.of('grey@example.com')).to.have.length(1);
  });

  it('waits longer after each try, an hour at most', async () => {
    start({ firstRetryS: 100 }, 'smtp://127.0.0.1:1');
    for (const attempts of [0, 1, 9]) {
      await auth.ctx.db.raw('delete from mails');
      // At once: the job takes it before any later statement.
      await auth.ctx.db.transaction(async (trx) => {
        const mail = { kind: 'password-changed', user_id: ann.id, recipient: 'slow@example.com' } as const;
        await queueNotice(auth.ctx, trx, FROM, mail);
        await trx.raw('update mails set attempts = ?', [attempts]);
      });
      const delay = await eventually(async () => {
        const [mail] = await waiting();
        return mail.attempts > attempts && (mail.due_at - Date.now()) / 1000 > 70 && (mail.due_at - Date.now()) / 1000;
      });
      const least = Math.min(3600, 100 * 2 ** attempts);
      expect(delay).to.be.within(least - 5, least * 1.25);
    }
  });

  it('gives a mail up after a day, and counts it', async () => {
    const before = await counted('given_up');
    await queue('never@example.com');
    await auth.ctx.db.raw(`update mails set created_at = now() - interval '24 hours'`);
    start({}, 'smtp://127.0.0.1:1');
    await isEmpty();
    expect(await counted('given_up')).to.equal(before + 1);
  });

  it('sends each mail once when two instances send', async () => {
    const other = await openAuth(mailEnvironment(server), auth.schema);
    await other.ctx.mailJob.close();
    const names = Array.from({ length: 40 }, (_, i) => `both${i}@example.com`);
    for (const name of names) await queue(name);
    start();
    start({}, server.url, other.ctx);
    await isEmpty();
    expect(names.map((name) => server.of(name).length)).to.deep.equal(names.map(() => 1));
    await Promise.all(jobs.splice(0).map((job) => job.close()));
    await other.close();
  });

  it('a mail whose instance died with it is sent by another one, after the lease', async () => {
    await queue('dead@example.com');
    expect(await leaseMails(auth.ctx.db, 10, 1)).to.have.length(1);
    const leased = Date.now();
    start();
    await isEmpty();
    expect(server.of('dead@example.com')).to.have.length(1);
    expect(Date.now() - leased).to.be.greaterThan(900);
  });

  it('an instance that lost its lease neither removes nor postpones the mail of the next', async () => {
    let taken: (() => void) | undefined;
    server.behave({
      onData: async () => {
        if (taken !== undefined) return;
        await new Promise<void>((resolve) => {
          taken = resolve;
        });
      },
    });
    start({ leaseS: 0.3 });
    await queue('lease@example.com');
    await eventually(() => taken !== undefined);
    await jobs[0]?.close();
    // It gave the mail back. A second one sends it while the first answer is still open.
    start();
    await eventually(() => server.of('lease@example.com').length === 1);
    taken?.();
    await isEmpty();
    const ids = server.of('lease@example.com').map(({ headers }) => headers.find((h) => h.startsWith('Message-ID')));
    expect(new Set(ids).size).to.equal(1);
  });

  it('a stop does not wait for a server that hangs, and gives the mail back', async () => {
    server.behave({ hangs: true });
    const job = start();
    await queue('stopped@example.com');
    await eventually(async () => (await waiting())[0]?.attempts === 1);
    await job.close();
    const [mail] = await waiting();
    expect(mail.due_at.getTime()).to.be.at.most(Date.now() + 1000);
  });

  it('goes on after the database failed', async () => {
    const { raw } = auth.ctx.db;
    let failures = 0;
    const ctx = { ...auth.ctx, db: Object.assign((...args: any[]) => (auth.ctx.db as any)(...args), auth.ctx.db) };
    ctx.db.raw = ((...args: Parameters<typeof raw>) => {
      if (failures++ < 2) throw new Error('the database is away');
      return raw.apply(auth.ctx.db, args);
    }) as typeof raw;
    await queue('database@example.com');
    start({}, server.url, ctx as never);
    await isEmpty();
    expect(failures).to.be.greaterThan(2);
  });

  it('drops a link that was replaced before it was sent', async () => {
    const before = await counted('dropped');
    for (let i = 0; i < 2; i++) await auth.ask('post', '/users/password-resets').send({ email: ann.email }).expect(202);
    start();
    await isEmpty();
    expect(await counted('dropped')).to.equal(before + 1);
  });

  it('does nothing without a mail server, whose notices nobody would get', async () => {
    const bare = await openAuth({ NODE_ENV: 'production' });
    const { id } = await bare.register('queue.bare');
    await bare.ctx.db.transaction((trx) =>
      queueNotice(bare.ctx, trx, FROM, { kind: 'password-changed', user_id: id, recipient: 'a@example.com' }),
    );
    expect((await bare.ctx.db.raw('select 1 from mails')).rows).to.deep.equal([]);
    await bare.close();
  });

  it('sends nothing to an account without an address', async () => {
    await auth.ctx.db.transaction((trx) =>
      queueNotice(auth.ctx, trx, FROM, { kind: 'password-changed', user_id: ann.id, recipient: null }),
    );
    expect(await waiting()).to.deep.equal([]);
  });
});

describe('a password of the mail server', () => {
  it('is not sent without TLS, except to the loopback', async () => {
    const server = await startMailServer();
    const { port } = new URL(server.url);
    const config = { ...configOf(), ...mailEnvironment(server) };
    const mail = { mail_id: 'mail_1', recipient: 'a@example.com', subject: 's', text: 't', html: 'h' };
    const to = (host: string) => createMailTransport({ ...config, SMTP_URL: `smtp://user:secret@${host}:${port}` });
    await to('127.0.0.1').send(mail);
    const refused = await to('[::ffff:127.0.0.1]')
      .send(mail)
      .catch((error) => error);
    expect(refused).to.be.instanceOf(Error);
    expect(server.mails).to.have.length(1);
    await server.stop();
  });
});
