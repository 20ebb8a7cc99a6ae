// What a webhook does with an item of the log, against a receiver in this process.
import type { Task } from '@chatapi/bus';
import { createEgress, type Egress } from '@chatapi/kit/egress';
import { parseSettings, type StubServer, startStubServer } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { schema } from '../src/config.ts';
import { deliver, retryIn } from '../src/webhooks/deliver.ts';
import { eventOf } from '../src/webhooks/event-body.ts';
import type { WebhookRow } from '../src/webhooks/webhook-store.ts';

const S = 1000;
const DAY = 86_400 * S;
const frame = JSON.stringify({ type: 'message', chat_id: 'room', seq: 7, content: 'x' });
const item = { kind: 'event', epoch: 'e', seq: 7, frame, at: Date.UTC(2026, 0, 1) } as const;

describe('a delivery', () => {
  let receiver: StubServer;
  let egress: Egress;
  let answer: { status: number; headers?: Record<string, string>; body?: Buffer };
  let asked: number;
  let ended: string[];
  before(async () => {
    receiver = await startStubServer((_req, res) => {
      asked++;
      res.writeHead(answer.status, answer.headers).end(answer.body ?? 'said');
    });
    const { EGRESS_ALLOW } = parseSettings(schema, {
      DATABASE_URL: 'postgres://localhost/x',
      REDIS_URL: 'redis://localhost',
      SERVICE_KEY: Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64'),
      SERVICE_PUBLIC_KEYS: [
        'api-gateway',
        'realtime-gateway',
        'auth',
        'user',
        'message',
        'file',
        'admin',
        'integration',
      ]
        .map((name) => `${name}=${Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64url')}`)
        .join(','),
      EGRESS_ALLOW: '127.0.0.0/8,::1/128',
    });
    egress = createEgress(EGRESS_ALLOW);
  });
  beforeEach(() => {
    [answer, asked, ended] = [{ status: 200 }, 0, []];
  });
  after(async () => {
    egress?.close();
    await receiver?.stop();
  });

  const task = (more: Partial<Task> = {}): Task => ({
    follower: 'whk_1',
    room: 'room',
    item,
    attempt: 0,
    failing_since: null,
    ...more,
  });
  const run = (more: Partial<Task> = {}, hook: Partial<WebhookRow> = {}) => {
    const row = { id: 'whk_1', url: receiver.url, events: ['*'], rooms: null, status: 'active', secret: 'whsec_AAAA' };
    const known = {
      get: () => ({ ...row, secret_before: null, secret_before_until: null, ...hook }) as WebhookRow,
      stop: (id: string) => void ended.push(id),
    };
    return deliver({ egress, known, observe: () => undefined }, task(more));
  };

  it('that got 2xx is done; another status is tried again, and recorded as pending', async () => {
    const done = await run();
    expect(done).to.have.nested.property('effect.delivery.status', 'delivered');
    for (const status of [301, 400, 404, 500]) {
      answer = { status, headers: { location: 'http://127.0.0.1/' } };
      const again = await run();
      expect(again.kind).to.equal('again');
      expect(again).to.have.deep.nested.property('effect.delivery.http_status', status);
      expect(again).to.have.nested.property('effect.delivery.response_body', 'said');
    }
    expect(asked).to.equal(5);
  });

  it('keeps at most 2 KiB of what was answered, also of bytes that are no text', async () => {
    for (const body of [Buffer.alloc(5000, 0xff), Buffer.alloc(5000, 0), Buffer.from(`x${'€'.repeat(2000)}`)]) {
      answer = { status: 500, body };
      const { effect } = (await run()) as unknown as { effect: { delivery: { response_body: string } } };
      const kept = effect.delivery.response_body;
      expect(Buffer.byteLength(kept)).to.be.within(2046, 2048);
      expect(kept).to.match(/^x?(?:\ufffd+|€+\ufffd?)$/);
    }
  });

  it('is tried again after growing pauses, at most hourly, each ± 20 %', () => {
    const seconds = [1, 5, 30, 120, 600, 1800, 3600, 3600];
    for (const [attempt, s] of seconds.entries()) {
      const pauses = Array.from({ length: 200 }, () => retryIn(attempt, { retry_after_ms: undefined }));
      expect(Math.min(...pauses)).to.be.within(s * S * 0.8, s * S * 0.9);
      expect(Math.max(...pauses)).to.be.within(s * S * 1.1, s * S * 1.2);
    }
  });

  it('waits as long as Retry-After says, for an hour at most', async () => {
    for (const [header, ms] of [
      ['7', 7 * S],
      ['999999', 3600 * S],
    ] as const) {
      answer = { status: 503, headers: { 'retry-after': header } };
      expect(await run()).to.have.property('inMs', ms);
    }
    answer = { status: 429, headers: { 'retry-after': new Date(Date.now() + 60 * S).toUTCString() } };
    const later = (await run()) as { inMs: number };
    expect(later.inMs).to.be.within(50 * S, 60 * S);
    for (const header of ['-1', '1.5', 'soon', '5; x']) {
      answer = { status: 503, headers: { 'retry-after': header } };
      expect(((await run({ attempt: 3 })) as { inMs: number }).inMs, header).to.be.within(96 * S, 144 * S);
    }
  });

  it('that failed for three days pauses the webhook, and 410 disables it at once', async () => {
    answer = { status: 500 };
    const ago = (ms: number) => ({ attempt: 80, failing_since: new Date(Date.now() - ms) });
    expect((await run(ago(3 * DAY - 60 * S))).kind).to.equal('again');
    const paused = await run(ago(3 * DAY + 60 * S));
    expect(paused.kind).to.equal('stopped');
    expect(paused).to.have.nested.property('effect.ends.status', 'paused');
    expect(paused).to.have.nested.property('effect.delivery.status', 'failed');
    answer = { status: 410 };
    expect(await run()).to.have.nested.property('effect.ends.status', 'disabled');
    // Not only when the end is on record: other rooms are under way.
    expect(ended).to.deep.equal(['whk_1', 'whk_1']);
  });

  it('is passed over for other types and rooms, but for a gap; nothing is sent while it is paused', async () => {
    expect((await run({}, { events: ['reaction'] })).kind).to.equal('passed');
    expect((await run({}, { rooms: ['other'] })).kind).to.equal('passed');
    expect((await run({}, { status: 'paused' })).kind).to.equal('stopped');
    expect(asked).to.equal(0);
    const gap = { kind: 'gap', epoch: 'e', from: 3, seq: 6 } as const;
    expect((await run({ item: gap }, { events: ['reaction'] })).kind).to.equal('done');
  });

  it('to an address that is not allowed is refused, and tried again', async () => {
    const refused = await run({}, { url: 'http://10.0.0.1/' });
    expect(refused).to.have.nested.property('effect.delivery.error', 'address_not_allowed');
    expect(refused.kind).to.equal('again');
  });

  it('has an id of epoch, room and seq, and the same body each time', () => {
    const event = eventOf('room', item);
    expect(event).to.deep.equal(eventOf('room', { ...item }));
    expect(event.id).to.match(/^evt_[A-Za-z0-9_-]{22}$/);
    const others = [
      eventOf('room', { ...item, epoch: 'f' }),
      eventOf('moor', item),
      eventOf('room', { ...item, seq: 8 }),
    ];
    expect(new Set([event, ...others].map(({ id }) => id)).size).to.equal(4);
    expect(JSON.parse(event.body)).to.deep.equal({
      type: 'message',
      timestamp: '2026-01-01T00:00:00.000Z',
      data: { ...JSON.parse(frame), epoch: 'e' },
    });
    const gap = eventOf('room', { kind: 'gap', epoch: 'e', from: 3, seq: 6 });
    expect(JSON.parse(gap.body).data).to.deep.equal({ chat_id: 'room', from_seq: 3, to_seq: 6, epoch: 'e' });
  });
});
