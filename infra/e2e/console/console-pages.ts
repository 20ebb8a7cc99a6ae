// Every page of the console, with something to show.
import { loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { reported } from './console-scene.ts';

export interface Furnished {
  /** Hashes of pages, by name. */
  pages: Record<string, string>;
}

export async function furnish(url: string): Promise<Furnished> {
  const admin = await loginAdmin(url);
  const as = rest(admin, url);
  const { author, reporter, messageId } = await reported(url);
  await reported(url);
  const room = unique('launch');
  await rest(author, url)
    .post('/rooms', { chat_id: room, name: 'Launch week', topic: 'What ships on Thursday', visibility: 'public' })
    .expect(201);
  for (let i = 0; i < 3; i++) await say(author, { chat_id: room, content: `message ${i}` }, url);
  await register('ada', url);
  const words = [
    { word: 'zounds', action: 'mask' },
    { word: 'gadzooks', action: 'block' },
  ];
  await as.put('/admin/word-filter', { words }).expect(200);
  await as.post('/admin/announcements', { text: 'Maintenance on Sunday, 06:00–06:20 UTC.' }).expect(201);
  await as.post('/admin/keys', { name: 'shop backend', scopes: ['users:write', 'messages:write'] }).expect(201);
  await as
    .post('/admin/issuers', { issuer: `https://login.example.com/${room}`, audience: 'chat', secret: 'x'.repeat(32) })
    .expect(201);
  await as.post('/admin/invites', { max_uses: 5 }).expect(201);
  const bot = (await as.post('/bots', { username: unique('helper'), display_name: 'Helper' }).expect(201)).body;
  await as.post(`/bots/${bot.id}/tokens`, { name: 'production', scopes: ['messages:write'] }).expect(201);
  const hook = { url: 'https://hooks.example.com/chat', description: 'CRM', events: ['message', 'account.created'] };
  const webhook = (await as.post('/admin/webhooks', hook).expect(201)).body;
  // Of a room that nobody writes to.
  const asked = { url: 'https://hooks.example.com/judge', on_failure: 'accept', rooms: ['judged'] };
  await as.put('/admin/hooks/before-message', asked).expect(200);
  const user = `users/${author.id}`;
  const [one, two, three] = [`rooms/${room}`, `bots/${bot.id}`, `webhooks/${webhook.id}`];
  const lists =
    'overview health users rooms reports words announcements search audit keys issuers invites bots webhooks hook files';
  const pages = Object.fromEntries(lists.split(' ').map((name) => [name, name]));
  const why = `why?message=${messageId}&user=${reporter.username}`;
  return { pages: { ...pages, why, user, room: one, bot: two, webhook: three } };
}
