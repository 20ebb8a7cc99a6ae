// Who uses the console. The session is kept for this tab only.
import { ChatApiError, ChatClient, type Me, type Tokens } from '@chatapi/client';
import { Value } from '@chatapi/page/value';

/** The URL of the server: the page is at `/console` below it. */
const baseUrl = new URL('.', location.href).href.replace(/\/$/, '');
const KEY = 'chatapi.console';

export interface Session {
  me: Me;
  isAdmin: boolean;
}

/** Why nobody is logged in. */
export type Ended = 'never' | 'left' | 'expired' | 'no-staff';

export type SessionState = { state: 'opening' } | { state: 'out'; why: Ended } | ({ state: 'in' } & Session);

/** Where storage is denied, a session lasts as long as the page. */
let memory: Tokens | undefined;

const tokenStore = {
  read: (): Tokens | undefined => {
    try {
      const kept = sessionStorage.getItem(KEY);
      return kept === null ? memory : (JSON.parse(kept) as Tokens);
    } catch {
      return memory;
    }
  },
  write: (tokens: Tokens | undefined): void => {
    memory = tokens;
    try {
      if (tokens === undefined) sessionStorage.removeItem(KEY);
      else sessionStorage.setItem(KEY, JSON.stringify(tokens));
    } catch {
      // Denied.
    }
  },
};

/** Without retries: who acts must see at once that an answer is lost. Reads repeat in load.ts. */
export const client = new ChatClient({ baseUrl, tokenStore, retries: 0 });
export const session = new Value<SessionState>({ state: 'opening' });

function enter(me: Me): void {
  if (me.role === 'user') return void leave('no-staff');
  session.set({ state: 'in', me, isAdmin: me.role === 'admin' });
}

/** Of a tab that was reloaded. @throws ChatApiError while the server cannot be reached. */
export async function openSession(): Promise<void> {
  if (tokenStore.read() === undefined) return session.set({ state: 'out', why: 'never' });
  try {
    enter(await client.users.me());
  } catch (error) {
    if (!isExpired(error)) throw error;
    end('expired');
  }
}

/** @throws ChatApiError */
export async function logIn(username_or_email: string, password: string): Promise<void> {
  enter((await client.users.login({ username_or_email, password })).user);
}

function end(why: Ended): void {
  tokenStore.write(undefined);
  session.set({ state: 'out', why });
}

/** The server forgets the session too, if it can be reached. */
export async function leave(why: Ended = 'left'): Promise<void> {
  const goodbye = client.users.logout().catch(() => undefined);
  session.set({ state: 'out', why });
  await goodbye;
  tokenStore.write(undefined);
}

const isExpired = (error: unknown): boolean =>
  error instanceof ChatApiError && error.code === 'AUTHENTICATION_ERROR' && !error.foreign;

/** Shows the log-in when the session has ended, and what was open again after it. */
export function noteEnd(error: unknown): void {
  if (isExpired(error) && session.get().state === 'in') end('expired');
}

/** Long enough for several acts, too short for somebody who finds the machine unlocked. */
const TRUSTED_MS = 5 * 60_000;
let provedAt = Number.NEGATIVE_INFINITY;

export const isProved = (): boolean => performance.now() - provedAt < TRUSTED_MS;

/** Asks the server with a session of its own, which ends at once. @throws ChatApiError */
export async function prove(password: string): Promise<void> {
  const state = session.get();
  if (state.state !== 'in') return;
  const other = new ChatClient({ baseUrl, retries: 0 });
  await other.users.login({ username_or_email: state.me.username, password });
  provedAt = performance.now();
  await other.users.logout().catch(() => undefined);
}
