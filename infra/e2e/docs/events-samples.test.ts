// The samples of the pages about webhooks and streams of events, as they stand there.
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest, unique } from '../support/client.ts';
import { gateway } from '../support/cluster.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { run, samplesOf, start } from '../support/samples.ts';
import '../support/shared-cluster.ts';

const WEBHOOKS = 'docs/webhooks.md';
const STREAMS = 'docs/server-sent-events.md';

describe('samples of webhooks and streams', function () {
  this.timeout(90_000);
  const [create = '', incoming = '', setHook = ''] = samplesOf(WEBHOOKS, 'sh');
  let admin: Account;
  let ann: Account;
  let receiver: Receiver;
  let webhook: Json;
  const room = unique('support');
  const send = (content: string, more: object = {}) =>
    rest(ann).post('/messages/', { chat_id: room, content, ...more });
  const shell = (commands: string, TOKEN = admin.token): Promise<string> => {
    const ours = commands
      .replace('https://example.com/chat', receiver.url)
      .replace('https://example.com/judge', receiver.url);
    return run('sh', ours, { CHATAPI: gateway(), KEY: admin.token, TOKEN });
  };

  before(async () => {
    [admin, ann, receiver] = [await loginAdmin(), await register('ann'), await startReceiver()];
    webhook = JSON.parse(await shell(create));
  });
  after(async () => {
    if (webhook !== undefined) await rest(admin).delete(`/admin/webhooks/${webhook.id}`);
    receiver.stop();
  });

  it('a webhook gets a message, which both SDKs verify', async () => {
    expect(webhook).to.include({ status: 'active' });
    const { body: message } = await send('Hello').expect(201);
    const got = await eventually(() => {
      const found = receiver.received.find(({ body }) => body.data?.id === message.id);
      expect(found).not.to.equal(undefined);
      return found;
    }, 20_000);
    const [shown] = samplesOf(WEBHOOKS, 'json').map((text) => JSON.parse(text));
    expect(got?.body).to.include.keys(Object.keys(shown));
    expect(got?.body.data).to.include.keys('chat_id', 'seq', 'content', 'epoch');

    const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
    const headers = JSON.stringify(Object.fromEntries(names.map((name) => [name, got?.headers[name]])));
    const [body, secret] = [JSON.stringify(got?.text), JSON.stringify(webhook.secret)];
    const [javascript = ''] = samplesOf(WEBHOOKS, 'javascript');
    const request = `const request = new Request('http://a/', { method: 'POST', headers: ${headers}, body: ${body} });`;
    const inNode = `${javascript}\nconsole.log(event.data.content);`.replace(
      'const event',
      `${request}\nconst secret = ${secret};\nconst event`,
    );
    expect(await run('javascript', inNode)).to.equal('Hello\n');
    const [python = ''] = samplesOf(WEBHOOKS, 'python');
    const inPython = python
      .replace('event =', `class request:\n    headers = ${headers}\nbody, secret = ${body}, ${secret}\nevent =`)
      .concat('print(event["data"]["content"])');
    expect(await run('python', inPython)).to.equal('Hello\n');
  });

  it('an incoming webhook writes to its room', async () => {
    const alerts = unique('alerts');
    await rest(ann).post('/messages/', { chat_id: alerts, content: 'x' }).expect(201);
    const [make = '', post = ''] = incoming.split(/^# .*\n/m);
    const made = JSON.parse(await shell(make.replace('/rooms/alerts/', `/rooms/${alerts}/`), ann.token));
    expect(made.url).to.match(/^\/hooks\/inh_/);
    const sent = JSON.parse(await shell(post.replace('/hooks/inh_…/…', made.url)));
    expect(sent).to.include({ chat_id: alerts });
    const { body: message } = await rest(ann).get(`/messages/${sent.id}`).expect(200);
    expect(message).to.include({ content: 'Disk full on db-1', sender_id: made.bot_id });
  });

  it('the hook before messages replaces a text', async () => {
    const shown = samplesOf(WEBHOOKS, 'json').map((text) => JSON.parse(text));
    const [asked, answer] = shown.slice(1);
    const [{ content, custom }] = asked.data.messages;
    receiver.answer = ({ body }) =>
      body.type === 'before_message' ? { status: 200, body: JSON.stringify(answer) } : { status: 204 };
    try {
      await shell(setHook);
      await eventually(async () => {
        const { body } = await send(content, { custom }).expect(201);
        expect(body.content).to.equal(answer.results[0].content);
      }, 20_000);
      const got = receiver.received.find(({ body }) => body.type === 'before_message');
      expect(got?.body.data.messages[0]).to.have.keys(Object.keys(asked.data.messages[0]));
    } finally {
      await rest(admin).delete('/admin/hooks/before-message');
    }
    await eventually(async () => {
      const { body } = await send('as it is').expect(201);
      expect(body.content).to.equal('as it is');
    }, 20_000);
  });

  it('curl reads both streams', async () => {
    await send('before').expect(201);
    const [commands = ''] = samplesOf(STREAMS, 'sh');
    const ours = commands.replaceAll('http://localhost:8000', gateway()).replace('rooms/general/', `rooms/${room}/`);
    const curl = start('sh', ours, { TOKEN: ann.token });
    try {
      await eventually(() => {
        expect(curl.printed())
          .to.match(/^id: 1$/m)
          .and.match(/^event: member_joined$/m)
          .and.match(/"content":"before"/);
        expect(curl.printed()).to.match(/^event: hello$/m);
      }, 30_000);
    } finally {
      await curl.stop();
    }
  });

  it('EventSource of a page goes on where it was', async () => {
    const [code = ''] = samplesOf(STREAMS, 'javascript');
    const inNode = `
      import EventSource from 'eventsource';
      const [token, saved] = [${JSON.stringify(ann.token)}, undefined];
      const show = ({ content }, id) => console.log(content, id.length > 0);
      ${code.replace('`/events', `\`${gateway()}/events`).replace(/&cursor=[^`]*/, '')}
      events.addEventListener('live', () => console.log('live'));`;
    const page = start('javascript', inNode);
    try {
      await eventually(() => expect(page.printed()).to.include('live'), 30_000);
      await send('to the page').expect(201);
      await eventually(() => expect(page.printed()).to.include('to the page true'), 20_000);
    } finally {
      await page.stop();
    }
  });
});
