// Property tests of the room log against an array, with operations in any order on two instances.
import { served } from '@chatapi/kit/testing';
import { expect } from 'chai';
import fc from 'fast-check';
import { type Messages, openTwo } from './harness.ts';

type Act =
  | { do: 'send'; key: number; text: string }
  | { do: 'edit'; n: number; text: string }
  | { do: 'delete'; n: number }
  | { do: 'react'; n: number };

const text = fc.constantFrom('a', 'b', 'c');
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('send' as const), key: fc.nat(8), text }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), n: fc.nat(9), text }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), n: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('react' as const), n: fc.nat(9) }) },
);

interface Model {
  events: string[];
  messages: { id: string; first: string; text: string; gone: boolean; reacted: boolean; key: number }[];
}

describe('room log', () => {
  let one: Messages;
  let two: Messages;
  openTwo((a, b) => {
    [one, two] = [a, b];
  });

  async function apply(m: Messages, chat_id: string, a: Act, model: Model): Promise<void> {
    if (a.do === 'send') {
      const known = model.messages.find(({ key }) => key === a.key);
      const { status, body } = await m.send('usr_a', { chat_id, content: a.text, client_id: `k${a.key}` });
      expect(status).to.equal(known === undefined ? 201 : known.first === a.text ? 200 : 409);
      if (known !== undefined) return;
      model.messages.push({ id: body.id, first: a.text, text: a.text, gone: false, reacted: false, key: a.key });
      model.events.push('message');
      return;
    }
    const target = model.messages[a.n];
    if (target === undefined) return;
    if (a.do === 'edit') {
      const { status } = await m.ask('usr_a', 'put', `/messages/${target.id}`, { content: a.text });
      expect(status).to.equal(target.gone ? 409 : 200);
      if (!target.gone && target.text !== a.text) model.events.push('message_updated');
      if (!target.gone) target.text = a.text;
    } else if (a.do === 'delete') {
      await m.ask('usr_a', 'delete', `/messages/${target.id}`).expect(204);
      if (!target.gone) model.events.push('message_deleted');
      Object.assign(target, { gone: true, text: '' });
    } else {
      const { status } = await m.ask('usr_a', 'put', `/messages/${target.id}/reactions/${encodeURIComponent('👍')}`);
      expect(status).to.equal(target.gone ? 409 : 204);
      if (!target.gone && !target.reacted) model.events.push('reaction');
      if (!target.gone) target.reacted = true;
    }
  }

  /** The state of a client that applied the frames in order. */
  function replayed(frames: Record<string, any>[]): Map<string, string> {
    const state = new Map<string, string>();
    for (const frame of frames) {
      if (frame.type === 'message') state.set(frame.id, frame.content);
      if (frame.type === 'message_updated') state.set(frame.message_id, frame.content);
      if (frame.type === 'message_deleted') state.set(frame.message_id, '');
    }
    return state;
  }

  let run = 0;
  it('contains every change once, 1..N without a gap; a replay, whole or in parts, gives the room’s state', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(act, fc.boolean()), { maxLength: 18 }),
        fc.integer({ min: 1, max: 5 }),
        async (acts, piece) => {
          const chat_id = `log${run++}`;
          await one.ask('usr_a', 'post', '/rooms', { chat_id }).expect(201);
          const model: Model = { events: ['member_joined'], messages: [] };
          for (const [a, onTwo] of acts) await apply(onTwo ? two : one, chat_id, a, model);
          const frames = await one.log(chat_id);
          expect(frames.map(({ type }) => type)).to.deep.equal(model.events);
          expect(frames.map(({ seq }) => seq)).to.deep.equal(model.events.map((_, i) => i + 1));
          expect([...replayed(frames)]).to.deep.equal(model.messages.map(({ id, text: now }) => [id, now]));
          const pieces: Record<string, any>[] = [];
          for (let after = 0; ; ) {
            const { body } = await two.inside('post', '/internal/events', {
              rooms: [{ id: chat_id, after, limit: piece }],
            });
            if (body.rooms[0].events.length === 0) break;
            pieces.push(...body.rooms[0].events.map((event: { frame: string }) => JSON.parse(event.frame)));
            after = body.rooms[0].events.at(-1).seq;
          }
          expect(pieces).to.deep.equal(frames);
          const { body } = await two.ask('usr_a', 'get', `/messages/?chat_id=${chat_id}&after_seq=0&limit=100`);
          expect(body.messages.map((message: any) => [message.id, message.content])).to.deep.equal(
            model.messages.map(({ id, text: now }) => [id, now]),
          );
        },
      ),
      { numRuns: 15 },
    );
  }).timeout(60_000);

  it('concurrent writers on two instances leave no gap and no duplicate, and get the seqs of the log', async () => {
    await one.ask('usr_a', 'post', '/rooms', { chat_id: 'busy' }).expect(201);
    const first = (await one.send('usr_a', { chat_id: 'busy', content: 'first' })).body;
    const work = Array.from({ length: 120 }, async (_, i) => {
      const m = i % 2 === 0 ? one : two;
      const message = `/messages/${first.id}`;
      if (i % 6 === 1) {
        const edited = await served(() => m.ask('usr_a', 'put', message, { content: `edit ${i}` }));
        return { status: edited.status, expected: 200 };
      }
      if (i % 6 === 3) {
        const joined = await served(() => m.ask(`usr_j${i}`, 'post', '/rooms/busy/join'));
        return { status: joined.status, expected: 204 };
      }
      if (i % 6 === 5) {
        const reaction = `${message}/reactions/${encodeURIComponent('👍')}`;
        const reacted = await served(() => m.ask(`usr_r${i}`, 'put', reaction));
        return { status: reacted.status, expected: 204 };
      }
      const sent = await served(() =>
        m.send(`usr_s${i % 5}`, { chat_id: 'busy', content: `m${i}`, client_id: `m${i}` }),
      );
      const { seq, id } = sent.body as { seq: number; id: string };
      return { status: sent.status === 200 ? 201 : sent.status, expected: 201, acknowledged: seq, id };
    });
    const answers = await Promise.all(work);
    const frames = await one.log('busy');
    expect(frames.map(({ seq }) => seq)).to.deep.equal(frames.map((_, i) => i + 1));
    for (const answer of answers) {
      expect(answer.status).to.equal(answer.expected);
      if (answer.acknowledged !== undefined)
        expect(frames[answer.acknowledged - 1]).to.include({ type: 'message', id: answer.id });
    }
    expect(frames.filter(({ type }) => type === 'message').length).to.equal(61);
  }).timeout(30_000);

  it('users who keep joining and leaving do not block sends of others, and no message follows its sender’s leave', async () => {
    const member_ids = Array.from({ length: 20 }, (_, i) => `usr_g${i}`);
    await one.ask('usr_a', 'post', '/rooms', { chat_id: 'revolving', member_ids }).expect(201);
    const goers = member_ids.map(async (user, i) => {
      const m = i % 2 === 0 ? one : two;
      for (const act of ['leave', 'join', 'leave'])
        expect((await served(() => m.ask(user, 'post', `/rooms/revolving/${act}`))).status).to.equal(204);
    });
    const sends = Array.from({ length: 40 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, i * 3));
      const body = { chat_id: 'revolving', content: `${i}`, client_id: `revolving-${i}` };
      return await served(() => (i % 2 === 0 ? two : one).send(i % 4 === 0 ? 'usr_a' : `usr_g${i % 20}`, body));
    });
    await Promise.all(goers);
    for (const { status } of await Promise.all(sends)) expect(status).to.be.oneOf([200, 201]);
    const inside = new Set<string>();
    for (const { type, user_id, sender_id } of await two.log('revolving')) {
      if (type === 'member_joined') inside.add(user_id);
      if (type === 'member_left') inside.delete(user_id);
      if (type === 'message') expect(inside.has(sender_id), sender_id).to.equal(true);
    }
  }).timeout(30_000);
});
