// The two people of the page: accounts by the public registration, sessions in this tab.
import { ChatApiError, ChatClient, type ChatInput, type Tokens } from '@chatapi/client';
import { type Live, live } from '@chatapi/client/state';
import { baseUrl, type DemoSettings } from './settings.ts';
import type { Texts } from './texts.ts';
import { Wire } from './wire.ts';

export interface Person {
  id: string;
  name: string;
  client: ChatClient;
  live: Live;
  wire: Wire;
}

interface Kept {
  id: string;
  name: string;
  tokens?: Tokens;
}

/** Who watches does not wait 20 s for the next try. */
const OWN_CONNECTION = { shareTabs: false, maxDelayMs: 2000 };
const KEY = 'chatapi.demo';
const NAMES = [
  ['Ada', 'Mina', 'Lena', 'Nora', 'Ines', 'Yuki', 'Zoe', 'Ruth'],
  ['Ben', 'Omar', 'Jonas', 'Theo', 'Mateo', 'Kofi', 'Emil', 'Sam'],
] as const;

/** Where storage is denied, sessions last as long as the page. */
let memory: Kept[] = [];

function read(): Kept[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    if (Array.isArray(kept)) return kept as Kept[];
  } catch {
    // Denied, or not ours.
  }
  return memory;
}

function write(kept: Kept[]): void {
  memory = kept;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Denied.
  }
}

export const forgetPeople = (): void => write([]);

const random = (length: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => (byte % 36).toString(36)).join('');

const pick = <T>(list: readonly T[]): T =>
  list[(crypto.getRandomValues(new Uint8Array(1))[0] as number) % list.length] as T;

/** Each of the two asks for a node of its own. */
function clientOf(at: number, { nodes }: DemoSettings): { client: ChatClient; wire: Wire } {
  const wire = new Wire(nodes > 1 ? (at % nodes) + 1 : undefined);
  const tokenStore = {
    read: () => read()[at]?.tokens,
    write: (tokens: Tokens | undefined) => {
      const kept = read();
      kept[at] = { id: '', name: '', ...kept[at], tokens };
      write(kept);
    },
  };
  return { client: new ChatClient({ baseUrl, tokenStore, webSocket: wire.webSocket, fetch: wire.fetch }), wire };
}

async function register(client: ChatClient, at: number): Promise<{ id: string; name: string }> {
  const name = pick(NAMES[at] as readonly string[]);
  const username = `${name.toLowerCase()}_${random(8)}`;
  const password = random(40);
  const email = `${username}@example.com`;
  const { user, access_token } = await client.users.register({ username, email, password, display_name: name });
  if (access_token === undefined)
    throw new ChatApiError('AUTHORIZATION_ERROR', 'This server asks for a confirmed mail');
  const kept = read();
  kept[at] = { ...kept[at], id: user.id, name };
  write(kept);
  return { id: user.id, name };
}

/** A room to begin with, in which something has been said. */
async function furnish([one, other]: Person[], texts: Texts): Promise<void> {
  if (one === undefined || other === undefined) return;
  const both: ChatInput = { visibility: 'private', member_ids: [other.id] };
  await one.client.chats.create({ name: texts.secondRoom, ...both });
  const { chat_id } = await one.client.chats.create({ name: texts.firstRoom, topic: texts.firstTopic, ...both });
  const { id } = await one.client.messages.send({ chat_id, content: texts.hello(other.name) });
  await other.client.messages.react(id, '👋');
  await other.client.messages.send({ chat_id, content: texts.helloBack });
  await one.client.messages.send({ recipient_id: other.id, content: texts.directly });
}

/** @throws ChatApiError where the server makes no accounts, or a limit is reached. */
export async function openPeople(settings: DemoSettings, texts: Texts): Promise<Person[]> {
  const kept = read();
  const isNew = kept.length < 2 || kept.some((one) => !one?.id || one.tokens === undefined);
  if (isNew) write([]);
  const people = await Promise.all(
    [0, 1].map(async (at): Promise<Person> => {
      const { client, wire } = clientOf(at, settings);
      const known = isNew ? await register(client, at) : (kept[at] as Kept);
      return { id: known.id, name: known.name, client, wire, live: live(client, OWN_CONNECTION) };
    }),
  );
  if (isNew) await furnish(people, texts);
  return people;
}
