// Batches of the gateway get the same responses as single HTTP requests.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

interface Posted {
  status: number;
  headers: Record<string, string>;
  body: string;
}

describe('requests forwarded by the gateway', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  async function gather(texts: string[], sender_id = 'usr_a', key?: string): Promise<Posted[]> {
    const posts = texts.map((body, i) => ({ sender_id, role: 'user', request_id: `req_${i}`, key, body }));
    return (await m.inside('post', '/internal/posts', { node: 'gateway', posts }).expect(200)).body.answers;
  }
  /** The parts of a response that do not depend on transport and time. */
  /** Without the signatures of links, which differ from one second to the next. */
  const unsigned = (body: object): object =>
    JSON.parse(
      JSON.stringify(body)
        .replaceAll(/\?token=[^"]+/g, '')
        .replaceAll(/"url_expires_at":"[^"]+"/g, '"url_expires_at":""'),
    );
  const lasting = ({ id, seq, created_at, updated_at, timestamp, request_id, ...rest }: any): object => rest;

  it('each request of a batch gets the response that it would get over HTTP, in order', async () => {
    await m.ask('usr_b', 'post', '/rooms', { chat_id: 'closed', visibility: 'private' }).expect(201);
    await m.send('usr_a', { chat_id: 'open', content: 'first' }).expect(201);
    const deep = '['.repeat(40_000);
    const texts = [
      '{"chat_id":"open","content":"a"}',
      '',
      '{}',
      '  ',
      '{',
      '7',
      'null',
      '"open"',
      '[]',
      deep,
      deep + ']'.repeat(40_000),
      '{"chat_id":"open","content":"é\\u0000","client_id":"k"}',
      '{"chat_id":"open","content":"é\\u0000","client_id":"k","x":1}',
      '{"chat_id":"o p","content":7}',
      '{"chat_id":"closed","content":"x"}',
      '{"recipient_id":"usr_ghost","content":"x"}',
      '{"recipient_id":"usr_c","content":"x"}',
      '{"chat_id":"open","content":"x","reply_to":"msg_none"}',
      '{"chat_id":"open","content":"","message_type":"image","attachments":["file_ghost"]}',
      '{"__proto__":{"chat_id":"open"},"content":"x"}',
      '{"chat_id":"open","content":"z"}',
    ];
    const alone: [number, object][] = [];
    for (const text of texts) {
      const { status, body } = await m.ask('usr_a', 'post', '/messages/').type('json').send(text);
      alone.push([status, lasting(body)]);
    }
    // The second run repeats the keys, so that each message is created by one transport only.
    const again = await gather(texts.map((text) => text.replace('"k"', '"l"')));
    const together = again.map(({ status, body }) => [status, lasting(JSON.parse(body.replace('"l"', '"k"')))]);
    expect(together).to.deep.equal(alone);
    expect(new Set(alone.map(([status]) => status))).to.deep.equal(new Set([201, 400, 404]));
    const made = again.map(({ body }) => JSON.parse(body)).filter(({ chat_id }) => chat_id === 'open');
    expect(made.map(({ seq }) => seq)).to.deep.equal(made.map((_, i) => made[0].seq + i));
    expect(JSON.parse(again[4]?.body ?? '')).to.include({ error: true, request_id: 'req_4' });
  });

  it('requests with one Idempotency-Key create one message over both transports', async () => {
    const body = { chat_id: 'open', content: 'once' };
    const [first, second] = await gather([JSON.stringify(body), JSON.stringify(body)], 'usr_a', 'key-1');
    expect([first?.status, second?.status]).to.deep.equal([201, 200]);
    expect(JSON.parse(second?.body ?? '')).to.deep.equal(JSON.parse(first?.body ?? ''));
    const third = await m.send('usr_a', body).set('idempotency-key', 'key-1').expect(200);
    expect(third.body).to.deep.equal(JSON.parse(first?.body ?? ''));
    const [other, differs] = await gather(
      ['{"chat_id":"open","content":"other"}', '{"chat_id":"open","content":"once","client_id":"key-2"}'],
      'usr_a',
      'key-1',
    );
    expect([other?.status, differs?.status]).to.deep.equal([409, 400]);
    expect((await gather(['{"chat_id":"open","content":"x"}'], 'usr_a', 'x'.repeat(65)))[0]?.status).to.equal(400);
  });

  it('a response has Retry-After in slow mode, and URLs signed for its sender', async () => {
    await m.ask('usr_b', 'post', '/rooms', { chat_id: 'slow' }).expect(201);
    await m.ask('usr_b', 'put', '/rooms/slow', { slow_mode_seconds: 60 }).expect(200);
    const text = '{"chat_id":"slow","content":"x"}';
    const [first, late] = await gather([text, text]);
    expect([first?.status, late?.status, late?.headers['Retry-After']]).to.deep.equal([201, 429, '60']);
    const [image] = await gather(['{"chat_id":"open","message_type":"image","attachments":["file_1"]}']);
    expect(JSON.parse(image?.body ?? '').attachments[0].url).to.match(/token=/);
  });

  it('messages from a batch are published to the nodes', async () => {
    const node = await m.listen(['r:open']);
    const [answer] = await gather(['{"chat_id":"open","content":"live"}']);
    await eventually(() => node.records.length > 0);
    const { type, ...message } = JSON.parse(node.records[0]?.frame.toString() ?? '');
    expect([type, message]).to.deep.equal(['message', JSON.parse(answer?.body ?? '')]);
    node.stop();
  });

  it('a page gets the same response as over HTTP, for valid and invalid queries', async () => {
    await m.ask('usr_b', 'post', '/rooms', { chat_id: 'hidden', visibility: 'private' }).expect(201);
    const { body: parent } = await m.send('usr_a', { chat_id: 'open', content: 'parent' }).expect(201);
    await m.send('usr_a', { chat_id: 'open', content: 'reply', reply_to: parent.id }).expect(201);
    await m.ask('usr_b', 'put', `/messages/${parent.id}/reactions/${encodeURIComponent('👍')}`).expect(204);
    const queries = [
      'chat_id=open',
      'chat_id=open&limit=2',
      'chat_id=open&limit=2&skip=1',
      `chat_id=open&before_seq=${parent.seq + 1}&limit=1`,
      'chat_id=open&after_seq=1&limit=3&unknown=1',
      `thread_of=${parent.id}`,
      'recipient_id=usr_new',
      '',
      'chat_id=hidden',
      'chat_id=none',
      'chat_id=open&limit=0',
      'chat_id=open&limit=2&limit=3',
      'chat_id=a%20b',
      'chat_id=%00',
      'chat_id=open&recipient_id=usr_b',
      'before_seq=3',
      'chat_id=%zz',
      'thread_of=msg_none',
      'chat_id[]=open',
      '__proto__=x&chat_id=open',
    ];
    const statuses = new Set<number>();
    for (const query of queries) {
      const alone = await m.ask('usr_a', 'get', `/messages/?${query}`);
      const asked = { user_id: 'usr_a', request_id: 'req_1', query };
      const { body: page } = await m.inside('post', '/internal/page', asked).expect(200);
      expect([page.status, unsigned(lasting(JSON.parse(page.body)))], query).to.deep.equal([
        alone.status,
        unsigned(lasting(alone.body)),
      ]);
      statuses.add(alone.status);
    }
    expect(statuses).to.deep.equal(new Set([200, 400, 404]));
    expect(await m.ctx.metrics.metrics())
      .to.match(/request_duration_seconds_count\{[^}]*method="GET",route="\/messages",status="404"[^}]*\} \d/)
      .and.match(/request_duration_seconds_count\{[^}]*method="POST",route="\/messages",status="201"[^}]*\} \d/);
    const { body } = await m.ask('usr_a', 'get', '/messages/?chat_id=open&limit=2').expect(200);
    expect(body.messages[1].reactions).to.deep.equal([{ emoji: '👍', count: 1, user_ids: ['usr_b'], me: false }]);
  });
});
