// Users of the TypeScript SDK as the tests know them, and what a connection has told them.
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChatClient, type ChatClientOptions, type Realtime, type Session } from '@chatapi/client';
import { expect } from 'chai';
import { unique } from './client.ts';

const PASSWORD = 'copper-violet-meadow-27';

export interface Person {
  client: ChatClient;
  session: Session;
  id: string;
}

const people: ChatClient[] = [];

export const clientAt = (baseUrl: string, options: Partial<ChatClientOptions> = {}): ChatClient => {
  const client = new ChatClient({ baseUrl, ...options });
  people.push(client);
  return client;
};

export async function someone(baseUrl: string, options: Partial<ChatClientOptions> = {}): Promise<Person> {
  const client = clientAt(baseUrl, options);
  const username = unique('sdk');
  const session = await client.users.register({ username, email: `${username}@example.com`, password: PASSWORD });
  return { client, session, id: session.user.id };
}

/** For `afterEach`: no test leaves a connection behind. */
export async function closeClients(): Promise<void> {
  await Promise.all(people.splice(0).map((client) => client.close()));
}

export async function roomOf(owner: Person, ...members: Person[]): Promise<string> {
  const member_ids = members.map(({ id }) => id);
  return (await owner.client.chats.create({ chat_id: unique('sdk'), visibility: 'private', member_ids })).chat_id;
}

/** Events of one room as a connection told them, and the codes with which it was lost. */
export class View {
  readonly events: { seq: number; content?: string }[] = [];
  readonly codes: (number | undefined)[] = [];

  constructor(realtime: Realtime, room: string) {
    for (const kind of ['message', 'message_updated', 'message_deleted', 'reaction', 'member_joined'] as const)
      realtime.on(kind, (event) => {
        if (event.chat_id === room)
          this.events.push({ seq: event.seq, content: 'content' in event ? event.content : undefined });
      });
    realtime.on('state', ({ code }) => this.codes.push(code));
  }

  get contents(): string[] {
    return this.events.flatMap(({ content }) => content ?? []);
  }

  /** Waits for this event, then holds the view against the log: each seq once and in order, from the first that it saw. */
  async reaches(seq: number, withinMs = 30_000): Promise<void> {
    for (const end = Date.now() + withinMs; this.events.at(-1)?.seq !== seq; await sleep(10))
      if (Date.now() > end) throw new Error(`at ${this.events.at(-1)?.seq} of ${seq}`);
    const first = this.events[0]?.seq as number;
    expect(this.events.map((event) => event.seq)).to.deep.equal(this.events.map((_, i) => first + i));
  }
}

/** The same session's token, ending in so many seconds. */
export function shortLived(token: string, seconds: number, secret: string): string {
  const [head, body] = token.split('.') as [string, string];
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  claims.exp = Math.floor(Date.now() / 1000) + seconds;
  const signed = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
