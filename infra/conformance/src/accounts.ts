// Accounts with a client of the SDK under test and its connections.
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN } from './admin-account.ts';
import { type Driver, SdkError } from './driver.ts';
import type { View } from './view.ts';

export interface Socket {
  say(message: object): Promise<any>;
  typing(chat_id: string, stop?: boolean): Promise<void>;
  markRead(chat_id: string, seq: number): Promise<void>;
  ready(seconds?: number): Promise<void>;
  view(): Promise<View>;
  /** Without the entries of rooms, which grow with them. */
  summary(): Promise<View>;
  /** Lets the handlers of a connection with `holds` return. */
  release(): Promise<void>;
  /** Rejects with the reason once it is closed permanently. */
  ended(): Promise<void>;
  disconnect(): Promise<void>;
}

export interface Client {
  name: string;
  call(command: string, args?: object): Promise<any>;
  connect(options?: object): Promise<Socket>;
}

export interface Person extends Client {
  id: string;
  username: string;
  session: { access_token: string; refresh_token: string; user: { id: string } };
}

/** Accepted, and checked in 0.5 ms: words and letters that look like digits take 12. */
export const PASSWORD = 'bdvzqxkfhw';

let count = 0;
/** A name that is unique in this run. */
export const unique = (stem: string): string => `${stem}-${process.pid.toString(36)}${(count++).toString(36)}`;

export async function openClient(driver: Driver, options: object): Promise<Client> {
  const client = unique('c');
  await driver.call('open', { client, ...options });
  const connect = async (more: object = {}): Promise<Socket> => {
    const socket = unique('s');
    await driver.call('connect', { client, socket, keep: true, ...more });
    const on = (command: string, args: object = {}): Promise<any> => driver.call(command, { socket, ...args });
    return {
      say: (message) => on('say', message),
      typing: (chat_id, stop = false) => on('typing', { chat_id, stop }),
      markRead: (chat_id, seq) => on('mark_read', { chat_id, seq }),
      ready: (seconds = 60) => on('ready', { seconds }),
      view: () => on('report', { entries: true }),
      summary: () => on('report'),
      release: () => on('release'),
      ended: () => on('ended'),
      disconnect: () => on('disconnect'),
    };
  };
  return { name: client, call: (command, args = {}) => driver.call(command, { client, ...args }), connect };
}

/** A client logged in as the admin of the clusters. */
export async function adminWith(driver: Driver, base_url: string): Promise<Client> {
  const client = await openClient(driver, { base_url });
  await client.call('login', { username_or_email: ADMIN.username, password: ADMIN.password });
  return client;
}

const MAX_ATTEMPTS = 10;
const RETRY_MS = 2000;

/** If the outcome is unknown, an app has to retry with another name. */
async function retryWithNewName<T>(stem: string, act: (name: string) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act(unique(stem));
    } catch (error) {
      if (!(error instanceof SdkError && error.retryable) || tries === MAX_ATTEMPTS) throw error;
      await sleep(RETRY_MS);
    }
  }
}

export async function registered(driver: Driver, base_url: string): Promise<Person> {
  const client = await openClient(driver, { base_url });
  return retryWithNewName('sdk', async (username) => {
    const account = { username, email: `${username}@example.com`, password: PASSWORD };
    const session = await client.call('register', account);
    return { ...client, id: session.user.id, username, session };
  });
}

/** Creates a private room of these people; the first is its owner. */
export const roomOf = (owner: Person, ...others: Person[]): Promise<string> =>
  retryWithNewName('room', async (chat_id) => {
    await owner.call('create_room', { chat_id, member_ids: others.map(({ id }) => id) });
    return chat_id;
  });
