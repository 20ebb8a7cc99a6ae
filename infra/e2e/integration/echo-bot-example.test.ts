// examples/echo-bot, as its README starts it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';
import { REPO } from '@chatapi/local';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, privateRoom, register, rest, say } from '../support/client.ts';
import { gateway } from '../support/cluster.ts';
import '../support/shared-cluster.ts';

/** Of a port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

describe('the example of a bot without a connection', function () {
  this.timeout(60_000);
  let admin: Account;
  let ann: Account;
  let room: string;
  let bot: ChildProcess | undefined;
  before(async () => {
    [admin, ann] = [await loginAdmin(), await register('ann')];
    room = await privateRoom(ann, [], 'support');
    const scopes = ['webhooks:write', 'rooms:write', 'act_as'];
    const { body } = await rest(admin).post('/admin/keys', { name: 'echo', scopes }).expect(201);
    const port = String(await freePort());
    const env = { CHATAPI_URL: gateway(), CHATAPI_KEY: body.key, ROOM: room, OWNER: ann.id, PORT: port };
    bot = spawn(process.execPath, ['--conditions=source', join(REPO, 'examples', 'echo-bot', 'bot.js')], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(bot.stdout as NodeJS.ReadableStream, 'data');
  });
  after(() => bot?.kill());

  const answers = async (): Promise<string[]> =>
    (await rest(ann).get(`/messages/?chat_id=${room}`).expect(200)).body.messages
      .filter(({ sender_id }: Json) => sender_id !== ann.id)
      .map(({ content }: Json) => content);

  it('answers each message once, and deletes its webhooks when it stops', async () => {
    for (const content of ['one', 'two', 'three']) await say(ann, { chat_id: room, content });
    const expected = ['You said: one', 'You said: two', 'You said: three'];
    await eventually(async () => expect((await answers()).toSorted()).to.deep.equal(expected.toSorted()));
    const ended = once(bot as ChildProcess, 'exit');
    bot?.kill('SIGTERM');
    expect(await ended).to.deep.equal([0, null]);
    const { body } = await rest(ann).get(`/rooms/${room}/incoming-webhooks`).expect(200);
    expect(body.incoming_webhooks).to.deep.equal([]);
    expect(await answers()).to.have.length(3);
  });
});
