// High load in one room: repeated sends through every gateway, a client that missed thousands of
// events, readers that stop reading.

import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import WebSocket from 'ws';
import { type Account, type Json, privateRoom, register, rest, say } from '../support/client.ts';
import { cluster, gateways, nodes } from '../support/cluster.ts';
import { closeAll, connect, type Live, wsUrl } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const MiB = 1024 * 1024;

/** Runs `job` for every item, `width` of them at a time. */
async function each<T>(
  items: readonly T[],
  width: number,
  job: (item: T, i: number) => Promise<unknown>,
): Promise<void> {
  let at = 0;
  const lane = async (): Promise<void> => {
    for (let i = at++; i < items.length; i = at++) await job(items[i] as T, i);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** All messages of the room from history, oldest first. */
async function historyOf(account: Account, room: string): Promise<Json[]> {
  const all: Json[] = [];
  for (let after = 0, more = true; more; after = all.at(-1)?.seq ?? 0) {
    const { body } = await rest(account).get(`/messages/?chat_id=${room}&after_seq=${after}&limit=100`).expect(200);
    all.push(...body.messages);
    more = body.has_more;
  }
  return all;
}

/**
 * Waits for frames of one kind by client_id, faster than `next`, which searches all earlier frames.
 */
function awaiting(live: Live, type: string): (clientId: string) => Promise<Json> {
  const waiting = new Map<string, (frame: Json) => void>();
  live.ws.on('message', (data) => {
    const frame = JSON.parse(String(data));
    if (frame.type === type) waiting.get(frame.client_id)?.(frame);
  });
  return (clientId) => new Promise((resolve) => waiting.set(clientId, resolve));
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

describe('high load', function () {
  this.timeout(120_000);
  let ann: Account;
  let bob: Account;
  let room: string;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
  });
  beforeEach(async () => {
    room = await privateRoom(ann, [bob], 'heavy');
  });
  afterEach(closeAll);

  it('300 sends, each three times concurrently through different gateways and nodes, are 300 messages with equal responses', async () => {
    const lives = [await connect(ann, nodes()[0]), await connect(ann, nodes()[1])] as const;
    const byDoor = (url: string) => async (n: number) => {
      const { status, body } = await rest(ann, url).post('/messages/', bodyOf(n));
      expect(status, JSON.stringify(body)).to.be.oneOf([200, 201]);
      return body.id + body.seq + body.created_at;
    };
    const byNode = (live: Live) => async (n: number) => {
      const { content, ...rest } = bodyOf(n);
      live.send({ message: content, ...rest });
      const ack = await live.next('ack', (f) => f.client_id === rest.client_id, 60_000);
      return ack.message_id + ack.seq + ack.created_at;
    };
    const bodyOf = (n: number) => ({ chat_id: room, content: `content ${n}`, client_id: `key ${n}` });
    const ways = [...gateways().map(byDoor), ...lives.map(byNode)];
    const answers = new Map<number, string[]>();
    const tries = Array.from({ length: 900 }, (_, i) => i % 300);
    await each(tries, 90, async (n, i) => {
      const answer = await (ways[(i + Math.floor(i / 300)) % ways.length] as (n: number) => Promise<string>)(n);
      answers.set(n, [...(answers.get(n) ?? []), answer]);
    });
    for (const same of answers.values()) expect(new Set(same).size).to.equal(1);
    const history = await historyOf(ann, room);
    expect(history.length).to.equal(300);
    expect(history.map((m) => m.seq)).to.deep.equal(upTo(302).slice(2));
    expect(new Set(history.map((m) => m.content)).size).to.equal(300);
  });

  it('a client that missed 5,000 events resumes on the other node to exactly the room’s state', async () => {
    const gone = await connect(bob, nodes()[0]);
    const first = await say(ann, { chat_id: room, content: 'seen' });
    await gone.next('message');
    gone.ws.terminate();
    const writer = await connect(ann, nodes()[0]);
    const ackOf = awaiting(writer, 'ack');
    const ids: string[] = [first.id];
    await each(upTo(4400), 200, async (n) => {
      const ack = ackOf(`k${n}`);
      writer.send({ message: `text ${n}`, chat_id: room, client_id: `k${n}` });
      ids.push((await ack).message_id);
    });
    // After a 503 of a busy machine the outcome is unknown; repeating the edit makes no second
    // event.
    const edit = (id: string) =>
      rest(ann)
        .put(`/messages/${id}`, { content: `edited ${id}` })
        .expect(200);
    await each(ids.slice(0, 400), 10, (id) => eventually(() => edit(id), 20_000));
    await each(ids.slice(200, 400), 10, (id) =>
      eventually(() => rest(ann).delete(`/messages/${id}`).expect(204), 20_000),
    );
    const back = await connect(bob, nodes()[1]);
    back.send({ type: 'resume', rooms: { [room]: first.seq } });
    const { rooms } = await back.next('resumed', undefined, 60_000);
    expect(rooms[room]).to.include({ from: 3, to: 5003, complete: true, last_seq: 5003, unread_count: 4201 });
    const frames = back.frames.filter((f) => f.chat_id === room);
    const replay = frames.slice(frames.map((f) => f.seq).lastIndexOf(4));
    expect(replay.map((f) => f.seq)).to.deep.equal(upTo(5003).slice(3));
    const state = new Map<string, string>([[first.id, first.content]]);
    for (const f of replay) state.set(f.type === 'message' ? f.id : f.message_id, f.content ?? '');
    expect([...state]).to.deep.equal((await historyOf(bob, room)).map((m) => [m.id, m.content]));
  });

  /** Resident memory of the second node. */
  async function rss(): Promise<number> {
    const node = cluster().instances.filter(({ dir }) => dir === 'realtime-gateway')[1];
    const text = await (await fetch(`http://127.0.0.1:${node?.internalPort}/metrics`)).text();
    return Number(/^process_resident_memory_bytes(?:\{.*\})? ([\d.e+]+)$/m.exec(text)?.[1]);
  }

  interface Reader {
    ws: WebSocket;
    seqs: number[];
  }
  async function reader(account: Account): Promise<Reader> {
    const ws = new WebSocket(wsUrl(nodes()[1], account.token));
    const seqs: number[] = [];
    await new Promise<void>((resolve, reject) => {
      ws.once('message', () => resolve());
      ws.once('error', reject);
    });
    ws.on('message', (data) => {
      const frame = JSON.parse(String(data));
      if (frame.chat_id === room && frame.seq !== undefined) seqs.push(frame.seq);
    });
    return { ws, seqs };
  }

  it('50 readers that stop reading use less than 64 MiB, delay nobody, and get everything later', async () => {
    const people = await Promise.all(['r1', 'r2', 'r3'].map((name) => register(name)));
    for (const { id } of people) await rest(ann).post(`/rooms/${room}/members`, { user_id: id }).expect(201);
    const readers: Reader[] = [];
    await each(upTo(50), 10, async (n) => void readers.push(await reader(people[n % 3] as Account)));
    const writer = await connect(ann, nodes()[0]);
    const observer = await connect(bob, nodes()[1]);
    const sight = awaiting(observer, 'message');
    const ackOf = awaiting(writer, 'ack');
    const text = 'x'.repeat(3900);
    const lags: number[] = [];
    const write = (from: number, to: number): Promise<void> =>
      each(upTo(to).slice(from), 20, async (n) => {
        const sentAt = performance.now();
        const both = [sight(String(n)), ackOf(String(n))];
        writer.send({ message: text, chat_id: room, client_id: String(n) });
        await Promise.all(both);
        lags.push(performance.now() - sentAt);
      });
    const typical = (): number => {
      const all = lags.splice(0).sort((a, b) => a - b);
      return all[all.length >> 1] as number;
    };
    await write(0, 300);
    const usual = typical();
    for (const { ws } of readers) ws.pause();
    const before = await rss();
    let most = before;
    const watch = setInterval(() => void rss().then((now) => (most = Math.max(most, now))), 200);
    await write(300, 1500);
    clearInterval(watch);
    const stopped = typical();
    console.log(
      `      RSS ${Math.round(before / MiB)} MiB, at most ${Math.round(most / MiB)} MiB; send to sight, median: ${usual.toFixed(0)} ms, then ${stopped.toFixed(0)} ms`,
    );
    expect(most - before).to.be.below(64 * MiB);
    const { last_seq: last } = (await rest(ann).get(`/rooms/${room}`).expect(200)).body;
    const lacking = readers.filter(({ seqs }) => seqs.at(-1) !== last).length;
    expect(lacking, 'readers that had in fact stopped').to.equal(50);
    for (const { ws } of readers) ws.resume();
    for (const end = Date.now() + 60_000; readers.some(({ seqs }) => seqs.at(-1) !== last) && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 100));
    for (const { ws, seqs } of readers) {
      ws.terminate();
      expect(seqs).to.deep.equal(upTo(last).slice(-seqs.length));
      expect(seqs.length).to.be.at.least(1500);
    }
  });
});
