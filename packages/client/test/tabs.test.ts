// Tabs that share a connection, with Web Locks and channels in memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { LockOptions, Locks, TabChannel, TabPlatform } from '../src/platform.ts';
import type { Open, Socket } from '../src/socket.ts';
import { Tabs } from '../src/tabs.ts';
import { until } from './fake-server.ts';

/** As the Web Locks API: one holder by name, a queue, `steal` and `ifAvailable`. */
class FakeLock implements Locks {
  #holder: { steal(): void } | undefined;
  readonly #queue: (() => void)[] = [];

  async request<T>(_: string, options: LockOptions, work: (lock: object | null) => Promise<T>): Promise<T> {
    await sleep(0);
    if (options.steal) this.#holder?.steal();
    else if (this.#holder !== undefined) {
      if (options.ifAvailable) return work(null);
      await this.#turn(options.signal);
    }
    const holder = { steal: (): void => undefined };
    this.#holder = holder;
    const stolen = new Promise<never>((_, reject) => {
      holder.steal = () => reject(new DOMException('stolen', 'AbortError'));
    });
    try {
      return await Promise.race([work({}), stolen]);
    } finally {
      if (this.#holder === holder) {
        this.#holder = undefined;
        this.#queue.shift()?.();
      }
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push(resolve);
      signal?.addEventListener('abort', () => {
        const at = this.#queue.indexOf(resolve);
        if (at >= 0) this.#queue.splice(at, 1);
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }
}

/** Locks and channels of one origin; a frozen tab handles what came meanwhile when it is thawed. */
class Origin {
  readonly #locks = new Map<string, FakeLock>();
  readonly #channels = new Map<TabChannel, { name: string; frozen: boolean; late: unknown[] }>();
  locks: Locks = {
    request: (name, options, work) => {
      const lock = this.#locks.get(name) ?? new FakeLock();
      this.#locks.set(name, lock);
      return lock.request(name, options, work);
    },
  };

  /** `drop`: forgets what came while it was frozen. */
  platform(): TabPlatform & { freeze(): void; thaw(): void; drop(): void } {
    const state = { name: '', frozen: false, late: [] as unknown[] };
    let own: TabChannel | undefined;
    return {
      locks: this.locks,
      channel: (name) => {
        state.name = name;
        own = {
          onmessage: null,
          postMessage: (data) => this.#post(own as TabChannel, structuredClone(data)),
          close: () => void this.#channels.delete(own as TabChannel),
        };
        this.#channels.set(own, state);
        return own;
      },
      freeze: () => {
        state.frozen = true;
      },
      drop: () => {
        state.late.length = 0;
      },
      thaw: () => {
        state.frozen = false;
        for (const data of state.late.splice(0)) own?.onmessage?.({ data });
      },
    };
  }

  #post(from: TabChannel, data: unknown): void {
    const { name } = this.#channels.get(from) ?? {};
    for (const [channel, state] of this.#channels)
      if (channel !== from && state.name === name)
        setTimeout(() => {
          if (state.frozen) state.late.push(data);
          else channel.onmessage?.({ data });
        }, 0);
  }
}

/** A connection of a tab to the server. */
class Line implements Socket {
  readonly sent: any[] = [];
  readonly lost: Promise<any>;
  end: (code: number, reason: string) => void = () => undefined;
  readonly say: (frame: object) => void;

  constructor(received: (frame: any, text: string) => void) {
    this.say = (frame) => received(frame, JSON.stringify(frame));
    this.lost = new Promise((resolve) => {
      this.end = (code, reason) => resolve({ code, reason, opened: true });
    });
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  drop(reason: string): void {
    this.end(1006, reason);
  }
}

const HELLO = { type: 'hello', user_id: 'usr_me', server_time: new Date().toISOString() };

/** As the server answers a resume. */
const answerTo = ({ rooms }: { rooms: Record<string, number> }): object => ({
  type: 'resumed',
  rooms: Object.fromEntries(Object.entries(rooms).map(([id, from]) => [id, { from, to: from, complete: true }])),
});

describe('tabs of one session', () => {
  let origin: Origin;
  let lines: Line[];
  let opened: Tabs[];

  function tab(key = 'session') {
    const platform = origin.platform();
    const open: Open = (_, received) => {
      lines.push(new Line(received));
      return lines.at(-1) as Line;
    };
    let joins = 0;
    const tabs = new Tabs(platform, key, open, {
      asked: (isJoin) => {
        if (isJoin) joins++;
      },
      greeted: () => undefined,
    });
    opened.push(tabs);
    const frames: any[] = [];
    const connect = async (): Promise<Socket> => {
      const socket = await tabs.open('token', (frame) => void frames.push(frame));
      return socket;
    };
    return { tabs, platform, frames, connect, joins: () => joins };
  }

  const types = (frames: any[]): string[] => frames.map(({ type, n }) => (n === undefined ? type : `${type}${n}`));

  beforeEach(() => {
    origin = new Origin();
    lines = [];
    opened = [];
  });
  afterEach(() => {
    for (const tabs of opened) tabs.close();
  });

  /** A leader with an open connection, and followers. */
  async function group(size: number) {
    const tabs = Array.from({ length: size }, () => tab());
    const sockets: Socket[] = [];
    for (const one of tabs) sockets.push(await one.connect());
    lines[0]?.say(HELLO);
    await until(() => tabs.every(({ frames }) => frames.length > 0));
    return { tabs, sockets, line: lines[0] as Line };
  }

  it('have one connection, and all get its frames in order', async () => {
    const { tabs, line } = await group(5);
    expect(lines).to.have.length(1);
    for (let n = 0; n < 20; n++) line.say({ type: 'message', n });
    await until(() => tabs.every(({ frames }) => frames.length === 21));
    for (const { frames } of tabs)
      expect(types(frames)).to.deep.equal(['hello', ...Array.from({ length: 20 }, (_, n) => `message${n}`)]);
  });

  it('send through it, and an expired `hello` is told with the time as it is now', async () => {
    const { sockets, line } = await group(2);
    sockets[1]?.send('{"message":"from a follower"}');
    await until(() => line.sent.length === 1);
    line.say({ type: 'authenticated', token_expires_at: 'later' });
    await sleep(30);
    const late = tab();
    await late.connect();
    await until(() => late.frames.length === 1);
    const [hello] = late.frames;
    expect(hello.token_expires_at).to.equal('later');
    expect(Date.parse(hello.server_time) - Date.parse(HELLO.server_time)).to.be.at.least(25);
  });

  it('resume one after the other, and each gets the answer to its own', async () => {
    const { tabs, sockets, line } = await group(3);
    for (const [i, socket] of sockets.entries()) socket.send(JSON.stringify({ type: 'resume', rooms: { r: i } }));
    await until(() => line.sent.length === 1);
    await sleep(20);
    expect(line.sent, 'the next one waits').to.have.length(1);
    for (let i = 0; i < 3; i++) {
      await until(() => line.sent.length === i + 1);
      line.say(answerTo(line.sent[i]));
    }
    await until(() => tabs.every(({ frames }) => frames.length === 2));
    const answers = tabs.map(({ frames }) => frames[1].rooms.r.from);
    expect(answers).to.deep.equal([0, 1, 2]);
  });

  it('a resume that a limit refused does not hold up the others, nor gets their answers', async () => {
    const { tabs, sockets, line } = await group(2);
    for (const [i, socket] of sockets.entries()) socket.send(JSON.stringify({ type: 'resume', rooms: { r: i } }));
    await until(() => line.sent.length === 1);
    line.say({ type: 'error', code: 'RATE_LIMIT_EXCEEDED', message: 'm' });
    await until(() => line.sent.length === 2);
    line.say(answerTo(line.sent[1]));
    await until(() => tabs[1]?.frames.length === 3);
    line.say({ type: 'message', n: 1 });
    await until(() => types(tabs[0]?.frames ?? []).at(-1) === 'message1');
    expect(types(tabs[0]?.frames ?? [])).to.not.include('resumed');
  });

  it('hear how the connection ended, and connect again through the same tab', async () => {
    const { tabs, sockets, line } = await group(2);
    line.end(4401, 'expired');
    expect(await sockets[1]?.lost).to.include({ code: 4401, reason: 'expired' });
    await tabs[1]?.connect();
    expect(lines).to.have.length(1);
    await tabs[0]?.connect();
    lines[1]?.say(HELLO);
    await until(() => tabs[1]?.frames.length === 2);
    expect(tabs[0]?.joins()).to.be.at.least(1);
  });

  it('when the leading tab closes, another one leads', async () => {
    const { tabs, sockets } = await group(3);
    tabs[0]?.tabs.close();
    await Promise.all([sockets[1]?.lost, sockets[2]?.lost]);
    await sleep(20);
    const again = await Promise.all([tabs[1]?.connect(), tabs[2]?.connect()]);
    expect(lines).to.have.length(2);
    lines[1]?.say(HELLO);
    await until(() => tabs[1]?.frames.length === 2 && tabs[2]?.frames.length === 2);
    again[1]?.send('{"message":"m"}');
    await until(() => lines[1]?.sent.length === 1);
  });

  it('a frozen tab that leads is replaced, and follows when it is back', async () => {
    const { tabs, sockets, line } = await group(3);
    tabs[0]?.platform.freeze();
    await Promise.all([sockets[1]?.lost, sockets[2]?.lost]);
    await sleep(20);
    await Promise.all([tabs[1]?.connect(), tabs[2]?.connect()]);
    expect(lines, 'one of them leads').to.have.length(2);
    lines[1]?.say(HELLO);
    await until(() => tabs[1]?.frames.length === 2 && tabs[2]?.frames.length === 2);
    expect((await line.lost).reason).to.match(/another tab/);
    tabs[0]?.platform.thaw();
    await sleep(20);
    await tabs[0]?.connect();
    await until(() => tabs[0]?.frames.length === 2);
    lines[1]?.say({ type: 'message', n: 1 });
    await until(() => tabs.every(({ frames }) => types(frames).at(-1) === 'message1'));
    expect(lines).to.have.length(2);
  }).timeout(20_000);

  it('a tab that misses a frame connects again', async () => {
    const { tabs, sockets, line } = await group(2);
    tabs[1]?.platform.freeze();
    line.say({ type: 'message', n: 1 });
    await sleep(10);
    tabs[1]?.platform.drop();
    tabs[1]?.platform.thaw();
    line.say({ type: 'message', n: 2 });
    expect((await sockets[1]?.lost)?.reason).to.match(/missing/);
    expect(types(tabs[1]?.frames ?? [])).to.deep.equal(['hello']);
    await tabs[1]?.connect();
    await until(() => tabs[1]?.frames.length === 2);
  });

  it('of different keys do not share', async () => {
    await tab('one').connect();
    await tab('other').connect();
    expect(lines).to.have.length(2);
  });

  it('where locks are denied have connections of their own', async () => {
    Object.assign(origin, { locks: { request: () => Promise.reject(new DOMException('no', 'SecurityError')) } });
    await tab().connect();
    await tab().connect();
    expect(lines).to.have.length(2);
  });
});
