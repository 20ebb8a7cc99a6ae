// Owns: one scenario played with one SDK: what it finds there, and that all of it ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { TestCluster } from './cluster.ts';
import { type Driver, startDriver, type TokenSource } from './driver.ts';
import type { Kind } from './kinds.ts';
import { type Network, openNetwork } from './network.ts';
import { openClient, type Person, registered, type Socket } from './people.ts';
import { differences, type View } from './view.ts';

export interface World {
  kind: Kind;
  cluster: TestCluster;
  driver: Driver;
  /** A further driver process of the same SDK. */
  another(tokens?: TokenSource): Driver;
  /** @param by the driver whose client it is; default: the scenario's first. */
  someone(url?: string, by?: Driver): Promise<Person>;
  network(): Promise<Network>;
  /** Waits until the view has come to `last`, then compares it with the room's history. @returns the view. */
  expectLog(socket: Socket, reader: Person, chat_id: string, last: number, fromHistory?: boolean): Promise<View>;
}

export type Scenario = (world: World) => Promise<void>;

/** What takes as long hangs. */
const LONGEST_MS = 400_000;
const REACH_MS = 120_000;
const LOOK_MS = 50;

async function reach(driver: Driver, socket: Socket, chat_id: string, last: number): Promise<View> {
  for (const end = Date.now() + REACH_MS; ; ) {
    const view = await socket.view();
    if ((view.rooms[chat_id]?.last ?? 0) >= last || Date.now() > end) return view;
    if (driver.uncaught.length > 0) throw new Error(driver.uncaught[0]);
    await sleep(LOOK_MS);
  }
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  const late = sleep(ms, undefined, { signal: done.signal }).then(
    () => Promise.reject(new Error(`it has not ended after ${ms} ms`)),
    () => undefined,
  );
  await Promise.race([work, late]).finally(() => done.abort());
}

export async function play(kind: Kind, own: TestCluster, scenario: Scenario): Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  const drivers: Driver[] = [];
  const another = (tokens?: TokenSource): Driver => {
    const driver = startDriver(kind, tokens);
    drivers.push(driver);
    closing.unshift(driver.end);
    return driver;
  };
  const driver = another();
  const world: World = {
    kind,
    cluster: own,
    driver,
    another,
    someone: (url = own.url, by = driver) => registered(by, url),
    network: async () => {
      const network = await openNetwork(own.url);
      closing.push(network.close);
      return network;
    },
    expectLog: async (socket, reader, chat_id, last, fromHistory) => {
      const view = await reach(driver, socket, chat_id, last);
      const log = await reader.call('iterate', { chat_id, after_seq: 0 });
      expect(differences(view.rooms[chat_id], log, last, fromHistory)).to.deep.equal([]);
      return view;
    },
  };
  try {
    await within(LONGEST_MS, scenario(world));
    expect(drivers.flatMap(({ uncaught }) => uncaught)).to.deep.equal([]);
  } finally {
    for (const close of closing) await close();
  }
}

/** An account of the first admin, with a client of the SDK under test. */
export async function adminOf({ driver, cluster: own }: World, name: string, password: string) {
  const client = await openClient(driver, { base_url: own.url });
  await client.call('login', { username_or_email: name, password });
  return client;
}
