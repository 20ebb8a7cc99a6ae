// Every sample of the guide's own pages, as it stands there, in order. Those of the SDKs' READMEs
// run in infra/conformance/test/samples.test.ts.
import { createHmac } from 'node:crypto';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, register, rest, unique } from '../support/client.ts';
import { ADMIN, gateway } from '../support/cluster.ts';
import { adminAs, run, samplesIn, samplesOf, start } from '../support/samples.ts';
import '../support/shared-cluster.ts';

/** HS256, as an application makes one. */
function jwtOf(secret: string, claims: object): string {
  const encoded = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signed = encoded.join('.');
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

describe('samples of the guide', function () {
  this.timeout(90_000);
  const ours = (code: string): string => adminAs(code, gateway(), ADMIN);
  /** The JSON of several answers, one after the other. */
  const answersIn = (printed: string): Json[] =>
    printed
      .replaceAll('}{', '}\n{')
      .split('\n')
      .map((one) => JSON.parse(one));
  const shell = (commands: string, more: NodeJS.ProcessEnv = {}) => run('sh', ours(commands), more);

  describe('quick start', () => {
    const name = unique('john');
    const named = (code: string): string => ours(code).replaceAll('johndoe', name).replaceAll('john@', `${name}@`);
    const [commands = ''] = samplesOf('docs/quick-start.md', 'sh');
    const [code = ''] = samplesOf('docs/quick-start.md', 'javascript');

    it('registers, sends and reads with curl', async () => {
      const printed = await run('sh', named(commands));
      expect(printed).to.match(/^\{"id":"msg_.*"client_id":"first".*\}\{"messages":\[\{.*"Hello everyone!"/s);
    });

    it('sends and receives in Node', async () => {
      const printed = await run('javascript', `${named(code)}\nawait client.close();`);
      expect(printed).to.match(/committed at \d+/);
    });
  });

  describe('your own users', () => {
    const [key = '', mint = '', batch = '', issuer = ''] = samplesOf('docs/own-users.md', 'sh');
    const [code = ''] = samplesOf('docs/own-users.md', 'javascript');
    const [exchange = ''] = samplesOf('docs/own-users.md', 'console');

    it('makes a key, brings users and mints a token with curl', async () => {
      const [user, minted, many] = answersIn(await shell(key + mint + batch)) as Json[];
      expect(user).to.include({ external_id: 'customer-4711', display_name: 'Ann' });
      expect(minted).to.include({ token_type: 'bearer', expires_in: 3600 });
      expect(minted?.user.external_id).to.equal('customer-4711');
      expect(many?.results.map((one: Json) => one.external_id)).to.deep.equal(['customer-1', 'customer-2']);
    });

    it('connects with the SDKs of both sides', async () => {
      const made = (await shell(`${key}\nprintf %s "$CHATAPI_KEY"`)).trim();
      expect(await run('javascript', ours(code), { CHATAPI_KEY: made })).to.match(/^committed at \d+\n$/);
    });

    it('exchanges a JWT of the application', async () => {
      const secret = /"secret":"([^"]+)"/.exec(issuer)?.[1] as string;
      const exp = Math.floor(Date.now() / 1000) + 600;
      const JWT = jwtOf(secret, { iss: 'https://shop.example.com', aud: 'chatapi', sub: 'customer-4712', exp });
      const printed = await shell(key + issuer + exchange, { JWT });
      const answer = JSON.parse(printed.slice(printed.lastIndexOf('{"access_token"')));
      expect(answer.user.external_id).to.equal('customer-4712');
      expect(answer.expires_in).to.be.within(500, 660);
    });
  });

  describe('bots', () => {
    const [commands = ''] = samplesOf('docs/bots.md', 'sh');
    const name = unique('parrot');
    let token: string;
    let ann: Account;

    before(async () => {
      ann = await register();
      const printed = await shell(`${commands.replaceAll('parrot', name)}\necho; printf %s "$BOT_TOKEN"`);
      const [me, made] = printed.split('\n') as [string, string];
      expect(JSON.parse(me)).to.include({ username: name, kind: 'bot' });
      token = made;
    });

    for (const language of ['javascript', 'python'])
      it(`answers in ${language}`, async () => {
        const bot = start(language, ours(samplesOf('docs/bots.md', language)[0] ?? ''), { BOT_TOKEN: token });
        try {
          await eventually(() => bot.printed().includes('listening'), 40_000);
          const content = unique(`hello ${language}`);
          const { body } = await rest(ann).post('/messages/', { chat_id: 'general', content }).expect(201);
          await eventually(async () => {
            const { messages } = (await rest(ann).get(`/messages/?chat_id=general&after_seq=${body.seq}`)).body;
            expect(messages.map((one: Json) => [one.content, one.reply_to])).to.deep.include([
              `You said: ${content}`,
              body.id,
            ]);
          }, 20_000);
        } finally {
          await bot.stop();
        }
      });
  });

  it('the client of the realtime protocol applies each event once, in order', async () => {
    const [ann, bob] = [await register(), await register()];
    const room = unique('protocol');
    await rest(ann).post('/messages/', { chat_id: room, content: 'first' }).expect(201);
    await rest(bob).post(`/rooms/${room}/join`).expect(204);
    const [code = ''] = samplesOf('docs/realtime-protocol.md', 'python');
    const client = start('python', ours(code).replace('your-jwt-token', bob.token));
    try {
      let sent = 0;
      // Until its connection is live, nobody knows from which message on it hears.
      await eventually(async () => {
        await rest(ann).post('/messages/', { chat_id: room, content: `m ${sent++}` });
        expect(client.printed()).to.include(`${room} `);
      }, 30_000);
      await rest(ann).post('/messages/', { chat_id: room, content: 'last' }).expect(201);
      await eventually(() => expect(client.printed()).to.include('message last'), 20_000);
      const seqs = [...client.printed().matchAll(new RegExp(`^${room} (\\d+) `, 'gm'))].map(([, seq]) => Number(seq));
      expect(seqs).to.deep.equal(seqs.map((_, i) => (seqs[0] as number) + i));
    } finally {
      await client.stop();
    }
  });

  it('the frames of the realtime protocol have the fields of real ones', () => {
    const frames = samplesOf('docs/realtime-protocol.md', 'json').map((code) => JSON.parse(code));
    expect(frames.map(({ type }) => type)).to.deep.equal(['hello', undefined, 'ack', 'resume', 'resumed']);
  });

  it('an error has the fields of the error page', async () => {
    const [command = ''] = samplesOf('docs/errors-and-limits.md', 'sh');
    const [shown] = samplesOf('docs/errors-and-limits.md', 'json').map((code) => JSON.parse(code));
    const answer = JSON.parse(await shell(command));
    expect(Object.keys(answer)).to.deep.equal(Object.keys(shown));
    expect(answer.code).to.equal(shown.code);
    expect(answer.details).to.deep.equal(shown.details);
    expect(answer.message).to.equal(shown.message);
  });

  it('a report is made, found, judged and on record', async () => {
    const commands = samplesOf('docs/moderation.md', 'sh').join('\n').replaceAll('market', unique('market'));
    const printed = await shell(commands.replaceAll('_moderation', unique('_')));
    expect(printed).to.include('Buy my pills').and.include('"status":"resolved"').and.include('"note":"Deleted"');
    const { entries } = JSON.parse(printed.slice(printed.indexOf('{"entries"')));
    expect(entries.map(({ action }: Json) => action)).to.include.members(['report.resolve', 'message.delete']);
  });

  it('each language of the pages is run here', () => {
    const pages = ['quick-start', 'own-users', 'bots', 'realtime-protocol', 'errors-and-limits', 'moderation'];
    const languages = new Set(pages.flatMap((page) => samplesIn(`docs/${page}.md`).map(({ language }) => language)));
    // `console` needs a machine of its own: the clone, npm and pip (sdk-served.test.ts).
    expect([...languages].sort()).to.deep.equal(['console', 'javascript', 'json', 'python', 'sh', 'text']);
  });
});
