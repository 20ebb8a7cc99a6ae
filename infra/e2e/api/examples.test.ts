// The examples of the documents, executed as the page of the API executes them.
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, register, rest, unique } from '../support/client.ts';
import '../support/shared-cluster.ts';

/** Makes what others need, or ends what this test needs: not by the example of everybody. */
const NOT_EXECUTED = new Set([
  'DELETE /users/me',
  'PUT /users/me/password',
  // The list of the whole cluster.
  'PUT /admin/word-filter',
  // Would be asked about the messages of all tests.
  'PUT /admin/hooks/before-message',
  // Sends mails to somebody.
  'POST /users/password-resets',
  'POST /users/email-confirmations/resend',
]);

describe('the examples of openapi.json', () => {
  let admin: Account;
  let ids: Record<string, string>;

  before(async () => {
    admin = await loginAdmin();
    const ann = await register('ann');
    const room = unique('example');
    const { body: message } = await rest(admin).post('/messages/', { chat_id: room, content: 'x' }).expect(201);
    await rest(ann).post(`/rooms/${room}/join`).expect(204);
    ids = { rooms: room, messages: message.id, users: ann.id, 'admin/rooms': room, user_id: ann.id };
  });

  const filled = (path: string): string =>
    path.replace(/^\/((?:admin\/)?\w+)(.*?)\{(\w+)\}/, (_all, noun, between, name) => {
      return `/${noun}${between}${ids[noun] ?? ids[name] ?? ids[noun.replace('admin/', '')] ?? 'none'}`;
    });

  it('have bodies that no field of is refused', async () => {
    const { body: doc } = await rest().get('/docs/openapi.json').expect(200);
    const refused: string[] = [];
    let executed = 0;
    for (const [path, item] of Object.entries<Json>(doc.paths))
      for (const method of ['post', 'put', 'delete'] as const) {
        const media = item[method]?.requestBody?.content?.['application/json'];
        const name = `${method.toUpperCase()} ${path}`;
        if (media === undefined || NOT_EXECUTED.has(name)) continue;
        expect(media.example, name).to.be.an('object');
        const where = filled(path).replaceAll(/\{(\w+)\}/g, (_all, key) => ids[key] ?? 'none');
        // Others in this cluster register the person of the API document.
        const person = unique('example');
        const own = path === '/users/register' ? { username: person, email: `${person}@example.com` } : {};
        const { status, body } = await rest(admin)[method](where, { ...media.example, ...own });
        executed++;
        const isRefused = status >= 500 || (status === 400 && body.details.reason !== 'token_invalid');
        if (isRefused) refused.push(`${name} (${where}): ${status} ${body.message}`);
      }
    expect(refused).to.deep.equal([]);
    expect(executed).to.be.greaterThan(30);
  });
});
