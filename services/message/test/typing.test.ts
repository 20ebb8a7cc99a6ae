// Typing by REST: rights, input, what the others are told, and how often.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Messages, openTwo } from './harness.ts';

describe('typing by REST', () => {
  let one: Messages;
  let two: Messages;
  openTwo((a, b) => {
    one = a;
    two = b;
  });

  let made = 0;
  async function room(): Promise<string> {
    const chat_id = `typing_${process.pid}_${made++}`;
    const body = { chat_id, visibility: 'private', member_ids: ['usr_m', 'usr_n'] };
    await one.ask('usr_owner', 'post', '/rooms', body).expect(201);
    return chat_id;
  }
  const type = (at: Messages, user: string, chat_id: string, body?: object) =>
    at.ask(user, 'post', `/rooms/${chat_id}/typing`, body);

  it('tells the nodes of the room who types and who has stopped, at any instance', async () => {
    const chat_id = await room();
    const node = await one.listen([`r:${chat_id}`]);
    const told = () => node.records.map(({ frame }) => JSON.parse(frame.toString()));
    const { body } = await type(one, 'usr_m', chat_id).expect(204);
    expect(body).to.deep.equal({});
    await type(two, 'usr_m', chat_id, {}).expect(204);
    await type(two, 'usr_m', chat_id, { stop: true }).expect(204);
    await type(one, 'usr_m', chat_id, { stop: true }).expect(204);
    await type(one, 'usr_n', chat_id, { stop: false }).expect(204);
    await eventually(() => expect(told()).to.have.length(3));
    const frame = { type: 'typing', chat_id, user_id: 'usr_m', expires_in_ms: 6000, timestamp: told()[0].timestamp };
    expect(told()[0]).to.deep.equal(frame);
    expect(told().map(({ user_id, expires_in_ms }) => [user_id, expires_in_ms])).to.deep.equal([
      ['usr_m', 6000],
      ['usr_m', 0],
      ['usr_n', 6000],
    ]);
    expect(node.records[0]).to.include({ kind: 'notice', room: chat_id, sender: 'usr_m', origin: '' });
    expect(Date.parse(frame.timestamp)).to.be.closeTo(Date.now(), 60_000);
    node.stop();
  });

  it('tells a flood at most twice a second, and answers it alike', async () => {
    const chat_id = await room();
    const node = await one.listen([`r:${chat_id}`]);
    for (let i = 0; i < 30; i++) await type(i % 3 ? one : two, 'usr_m', chat_id, { stop: i % 2 === 1 }).expect(204);
    await sleep(300);
    expect(node.records.length).to.be.within(2, 6);
    node.stop();
  });

  it('is refused to muted members and in archived rooms, as sends are, and then told to nobody', async () => {
    const chat_id = await room();
    const node = await one.listen([`r:${chat_id}`]);
    await one.ask('usr_owner', 'put', `/rooms/${chat_id}/members/usr_m/mute`).expect(200);
    const { body: muted } = await type(two, 'usr_m', chat_id).expect(403);
    expect(muted.code).to.equal('AUTHORIZATION_ERROR');
    expect(muted.details).to.have.keys('muted_until');
    await one.ask('usr_owner', 'put', `/rooms/${chat_id}`, { archived: true }).expect(200);
    const { body: archived } = await type(two, 'usr_n', chat_id).expect(409);
    expect([archived.code, archived.details]).to.deep.equal(['CONFLICT', { reason: 'archived' }]);
    await type(two, 'usr_x', chat_id).expect(404);
    expect(node.records.filter(({ kind }) => kind === 'notice')).to.deep.equal([]);
    node.stop();
  });

  it('of a room that was deleted or never was is 404, as of other routes', async () => {
    const chat_id = await room();
    await one.ask('usr_owner', 'delete', `/rooms/${chat_id}`).expect(204);
    for (const id of [chat_id, 'typing_nowhere']) {
      const { body } = await type(one, 'usr_owner', id).expect(404);
      expect([body.code, body.message]).to.deep.equal(['RESOURCE_NOT_FOUND', 'Room not found']);
    }
  });

  it('in general works for somebody who has done nothing yet', async () => {
    await type(one, 'usr_fresh', 'general').expect(204);
  });

  it('names the field that is wrong', async () => {
    const chat_id = await room();
    const refused: [object, string][] = [
      [{ stop: 'yes' }, 'stop'],
      [{ stop: null }, 'stop'],
      [{ stop: true, chat_id }, 'chat_id'],
    ];
    for (const [body, path] of refused) {
      const { body: error } = await type(one, 'usr_m', chat_id, body).expect(400);
      expect([error.code, error.details.fields[0].path]).to.deep.equal(['VALIDATION_ERROR', path]);
      expect(error.details.fields[0].message).to.include(path);
    }
    await type(one, 'usr_m', chat_id, []).expect(400);
    expect((await type(one, 'usr_m', 'a%20b').expect(400)).body.details.fields[0].path).to.equal('id');
  });

  it('answers 503 soon while Redis is away, since nobody would hear of it', async () => {
    const chat_id = await room();
    const ended = once(one.ctx.redis, 'end');
    one.ctx.redis.disconnect();
    await ended;
    const before = Date.now();
    expect((await type(one, 'usr_m', chat_id).expect(503)).body.code).to.equal('SERVICE_UNAVAILABLE');
    expect(Date.now() - before).to.be.lessThan(3000);
    await one.ctx.redis.connect();
    await type(one, 'usr_m', chat_id).expect(204);
  });
});
