// Runs one scenario with one SDK and cleans up after it.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Person, registered, type Socket } from './accounts.ts';
import type { TestCluster } from './cluster.ts';
import { type Driver, startDriver, type TokenSource } from './driver.ts';
import { type Network, openNetwork } from './network.ts';
import type { Sdk } from './sdks.ts';
import { differences, type View } from './view.ts';

export interface Harness {
  kind: Sdk;
  cluster: TestCluster;
  driver: Driver;
  /** Starts another driver process of the same SDK. */
  another(tokens?: TokenSource): Driver;
  /**
   * Registers an account with a client.
   * @param by the driver of the client; default: the scenario's first.
   */
  someone(url?: string, by?: Driver): Promise<Person>;
  network(): Promise<Network>;
  /** Waits until the view has reached `last`, up to two minutes. */
  waitForSeq(socket: Socket, chat_id: string, last: number): Promise<View>;
  /**
   * Waits until the view has reached `last`, then compares it with the room's history.
   * @returns the view.
   */
  expectLog(socket: Socket, reader: Person, chat_id: string, last: number, fromHistory?: boolean): Promise<View>;
}

export type Scenario = (harness: Harness) => Promise<void>;

/** A scenario that takes this long hangs. */
const MAX_SCENARIO_MS = 240_000;
const MAX_VIEW_MS = 120_000;
const POLL_MS = 50;

async function waitForSeq(driver: Driver, socket: Socket, chat_id: string, last: number): Promise<View> {
  for (const end = Date.now() + MAX_VIEW_MS; ; ) {
    const { rooms } = await socket.summary();
    if ((rooms[chat_id]?.last ?? 0) >= last || Date.now() > end) return socket.view();
    if (driver.uncaught.length > 0) throw new Error(driver.uncaught[0]);
    await sleep(POLL_MS);
  }
}

async function within(ms: number, work: Promise<void>, drivers: Driver[]): Promise<void> {
  const done = new AbortController();
  const waitsFor = (): string => drivers.flatMap(({ pending, uncaught }) => [...pending(), ...uncaught]).join('; ');
  const late = sleep(ms, undefined, { signal: done.signal }).then(
    () => Promise.reject(new Error(`it has not ended after ${ms} ms; the driver: ${waitsFor()}`)),
    () => undefined,
  );
  await Promise.race([work, late]).finally(() => done.abort());
}

export async function runScenario(kind: Sdk, own: TestCluster, scenario: Scenario): Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  const drivers: Driver[] = [];
  const another = (tokens?: TokenSource): Driver => {
    const driver = startDriver(kind, tokens);
    drivers.push(driver);
    closing.unshift(driver.end);
    return driver;
  };
  const driver = another();
  const harness: Harness = {
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
    waitForSeq: (socket, chat_id, last) => waitForSeq(driver, socket, chat_id, last),
    expectLog: async (socket, reader, chat_id, last, fromHistory) => {
      const view = await waitForSeq(driver, socket, chat_id, last);
      const log = await reader.call('iterate', { chat_id, after_seq: 0 });
      expect(differences(view.rooms[chat_id], log, last, fromHistory)).to.deep.equal([]);
      return view;
    },
  };
  try {
    await within(MAX_SCENARIO_MS, scenario(harness), drivers);
    expect(drivers.flatMap(({ uncaught }) => uncaught)).to.deep.equal([]);
  } finally {
    for (const close of closing) await close();
  }
}
