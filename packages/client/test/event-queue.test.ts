import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { EventQueue } from '../src/event-queue.ts';
import type { AnyEvent } from '../src/events.ts';

const status = (n: number): AnyEvent => ({
  type: 'user_status',
  data: { type: 'user_status', user_id: String(n), status: 'online', timestamp: '' },
});

describe('the queue', () => {
  let queue: EventQueue;
  let failures: string[];
  let drained: number;

  beforeEach(() => {
    failures = [];
    drained = 0;
    queue = new EventQueue((event, error) => failures.push(`${event}: ${error}`));
    void queue.dispatch(() => drained++);
  });
  afterEach(() => queue.close());

  const put = (...numbers: number[]): void => {
    for (const n of numbers) queue.put(status(n));
  };

  it('delivers nothing before there is a listener, then everything in order', async () => {
    put(1, 2);
    await sleep(1);
    const heard: string[] = [];
    queue.listen('user_status', ({ user_id }) => heard.push(user_id));
    put(3);
    await sleep(1);
    expect(heard).to.deep.equal(['1', '2', '3']);
  });

  it('awaits slow handlers and survives failing ones', async () => {
    const heard: string[] = [];
    queue.listen('user_status', async ({ user_id }) => {
      await sleep(3 - Number(user_id));
      heard.push(user_id);
      if (user_id === '1') throw new Error('late');
    });
    queue.listen('user_status', () => {
      throw new Error('at once');
    });
    put(1, 2);
    for (let looks = 0; failures.length < 3 && looks < 1000; looks++) await sleep(1);
    expect(heard).to.deep.equal(['1', '2']);
    expect(failures).to.deep.equal(
      ['Error: late', 'Error: at once', 'Error: at once'].map((error) => `user_status: ${error}`),
    );
  });

  it('removes a handler, and only that one', async () => {
    const heard: string[] = [];
    const handler = (): void => void heard.push('x');
    const stop = queue.listen('user_status', handler);
    queue.listen('user_status', handler);
    stop();
    put(1);
    await sleep(1);
    expect(heard).to.deep.equal(['x']);
  });

  it('loses nothing between two calls of once', async () => {
    put(1, 2);
    for (const n of ['1', '2']) expect((await queue.once('user_status', () => undefined)).user_id).to.equal(n);
  });

  it('lets a handler wait for the next event', async () => {
    const heard: string[] = [];
    const stop = queue.listen('user_status', async ({ user_id }) => {
      stop();
      heard.push(user_id, (await queue.once('user_status', () => undefined)).user_id);
    });
    put(1, 2);
    await sleep(1);
    expect(heard).to.deep.equal(['1', '2']);
  });

  it('rejects once when no more events come or its signal aborts', async () => {
    const over = queue.once('user_status', () => 'over').catch((reason) => reason);
    const aborted = queue.once('user_status', () => '', AbortSignal.abort('aborted')).catch((reason) => reason);
    expect(await aborted).to.equal('aborted');
    queue.close();
    expect(await over).to.equal('over');
    expect(await queue.once('user_status', () => 'late').catch((reason) => reason)).to.equal('late');
  });

  it('ends a stream with a pending next, and is not blocked by one that is never read', async () => {
    const stream = queue.stream();
    const waiting = stream.next();
    await stream.return();
    expect(await waiting).to.include({ done: true });
    queue.stream();
    let heard = 0;
    queue.listen('user_status', () => heard++);
    put(...Array(200).keys());
    await sleep(5);
    expect(heard).to.equal(200);
  });

  it('can be read as a stream until it ends or a signal aborts', async () => {
    const stop = new AbortController();
    put(1, 2, 3);
    const heard: unknown[] = [];
    for await (const { type, data } of queue.stream(stop.signal)) {
      heard.push(type === 'user_status' && data.user_id);
      if (heard.length === 2) stop.abort();
    }
    expect(heard.slice(0, 2)).to.deep.equal(['1', '2']);
    put(4);
    const rest = (async () => {
      let count = 0;
      for await (const _ of queue.stream()) count++;
      return count;
    })();
    await sleep(1);
    queue.close();
    expect(heard.length + (await rest)).to.equal(4);
  });

  it('queues a bounded number of events for an unread stream', async () => {
    const stream = queue.stream();
    put(...Array(200).keys());
    expect(await stream.next()).to.deep.equal({ done: false, value: status(0) });
    const others: string[] = [];
    queue.listen('user_status', ({ user_id }) => others.push(user_id));
    await sleep(1);
    expect(others.length).to.be.within(60, 66);
    await stream.return();
    await sleep(1);
    expect(others.length).to.be.within(196, 200);
  });

  it('is full at 4,096 events, until half are handled', async () => {
    put(...Array(4095).keys());
    expect(queue.hasPlace).to.equal(true);
    put(0);
    expect(queue.hasPlace).to.equal(false);
    let count = 0;
    queue.listen('user_status', () => {
      count++;
      if (count === 2047) expect(queue.hasPlace).to.equal(false);
    });
    await sleep(5);
    expect([count, drained, queue.hasPlace, failures]).to.deep.equal([4096, 1, true, []]);
  });
});
