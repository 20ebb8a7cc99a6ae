// Users of the TypeScript SDK as the tests know them.
import { ChatClient, type ChatClientOptions, type Session } from '@chatapi/client';
import { PASSWORD, unique } from './client.ts';

export { PASSWORD };

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
  const made = await client.users.register({ username, email: `${username}@example.com`, password: PASSWORD });
  // The server asks for no confirmed address, so it logs in at once.
  return { client, session: made as Session, id: made.user.id };
}

/** For `afterEach`: no test leaves a connection behind. */
export async function closeClients(): Promise<void> {
  await Promise.all(people.splice(0).map((client) => client.close()));
}
