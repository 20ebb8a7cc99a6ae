import { setImmediate as turn } from 'node:timers/promises';
import { AppError, type Peer, unavailable } from '@chatapi/kit';
import { expect } from 'chai';
import type { Connection, Send } from '../src/node.ts';
import { openSends, type SendAnswer } from '../src/sends.ts';
import { until } from './parts.ts';

const connection = { id: 'con_1', user: { id: 'usr_1' }, claims: { role: 'user' } } as unknown as Connection;
const log = { debug: () => undefined } as unknown as Parameters<typeof openSends>[2];
let made = 0;
const sendTo = (chat_id: string, patience = 2000, attachments?: string[]): Send => ({
  connection,
  client_id: null,
  body: { chat_id, content: 'x', attachments, client_id: `c${++made}` },
  request_id: 'req',
  size: 100,
  deadline: Date.now() + patience,
  done: false,
});

type Sent = { body: { chat_id: string; client_id: string; attachments?: string[] } };
type Instance = (sends: Sent[]) => unknown[] | Promise<unknown[]>;

const good = (sends: Sent[]): unknown[] =>
  sends.map(({ body }, seq) => ({
    ok: true,
    message_id: body.client_id,
    chat_id: body.chat_id,
    seq,
    created_at: '',
    frame: '',
  }));
const away: Instance = () => {
  throw unavailable('message');
};

function openBehind(instances: Instance[]) {
  const calls: { instance: number; ids: string[] }[] = [];
  const outcomes: [string, SendAnswer | AppError][] = [];
  const message = {
    size: instances.length,
    at: (instance: number) => ({
      async call(_method: string, _path: string, { body }: { body: { sends: Sent[] } }) {
        calls.push({ instance, ids: body.sends.map((s) => s.body.client_id) });
        return { results: await (instances[instance] as Instance)(body.sends) };
      },
    }),
  } as unknown as Peer;
  let onBatch = (_size: number): void => undefined;
  const sends = openSends('node', message, log, (done) => {
    for (const { send, answer } of done) outcomes.push([send.body.client_id, answer]);
    onBatch(done.length);
  });
  const after = (then: typeof onBatch): void => {
    onBatch = then;
  };
  return { sends, calls, outcomes, after };
}

describe('sends on their way to message', () => {
  it('those of one turn travel together, in their order', async () => {
    const { sends, calls, outcomes } = openBehind([good]);
    const all = Array.from({ length: 20 }, () => sendTo('room'));
    for (const send of all) sends.push(send);
    await until(() => outcomes.length === 20);
    expect(calls).to.deep.equal([{ instance: 0, ids: all.map(({ body }) => body.client_id) }]);
    expect(outcomes.map(([id]) => id)).to.deep.equal(all.map(({ body }) => body.client_id));
  });

  it('who is answered and speaks again is waited for: what comes in pieces is one batch', async () => {
    const { sends, calls, outcomes, after } = openBehind([good]);
    const say = (n: number): void => {
      for (let i = 0; i < n; i++) sends.push(sendTo('room'));
    };
    // The first of eight is there before the batch has ended, the others come a turn later.
    after((n) => {
      if (outcomes.length > 160) return;
      say(1);
      void turn().then(() => say(n - 1));
    });
    say(8);
    await until(() => outcomes.length > 160);
    // A machine that stands still for longer than a lane waits splits some.
    expect(calls.filter(({ ids }) => ids.length === 8)).to.have.length.greaterThan(10);
  });

  it('a room goes to one instance while all is well; another takes over with the same client_ids', async () => {
    const down = [false, false, false];
    const instances = down.map(
      (_, i): Instance =>
        (sends) =>
          down[i] ? away(sends) : good(sends),
    );
    const { sends, calls, outcomes } = openBehind(instances);
    for (let i = 0; i < 3; i++) {
      sends.push(sendTo('room'));
      await until(() => outcomes.length === i + 1);
    }
    const home = calls[0]?.instance as number;
    expect(calls.every(({ instance }) => instance === home)).to.equal(true);
    down[home] = true;
    sends.push(sendTo('room'));
    await until(() => outcomes.length === 4);
    const [failed, taken] = calls.slice(-2);
    expect(failed?.instance).to.equal(home);
    expect(taken?.instance).not.to.equal(home);
    expect(taken?.ids).to.deep.equal(failed?.ids);
    sends.push(sendTo('room'));
    await until(() => outcomes.length === 5);
    expect(calls.at(-1)?.instance).not.to.equal(home);
  });

  it('after its patience a send is refused as unavailable', async () => {
    const { sends, outcomes } = openBehind([away]);
    sends.push(sendTo('room', 200));
    await until(() => outcomes.length === 1);
    expect(outcomes[0]?.[1]).to.include({ code: 'SERVICE_UNAVAILABLE' });
  });

  it('of a batch only what may pass is tried again', async () => {
    let turn = 0;
    const { sends, calls, outcomes } = openBehind([
      (list) => {
        const answers = good(list);
        if (turn++ === 0) {
          answers[0] = { ok: false, error: { code: 'SERVICE_UNAVAILABLE', message: 'busy', details: {} } };
          answers[1] = { ok: false, error: { code: 'RESOURCE_NOT_FOUND', message: 'no', details: {} } };
        }
        return answers;
      },
    ]);
    const all = [sendTo('a'), sendTo('a'), sendTo('a')];
    for (const send of all) sends.push(send);
    await until(() => outcomes.length === 3);
    expect(calls[1]?.ids).to.deep.equal([all[0]?.body.client_id]);
    expect(outcomes.map(([, o]) => (o instanceof AppError ? o.code : 'ok'))).to.deep.equal([
      'RESOURCE_NOT_FOUND',
      'ok',
      'ok',
    ]);
  });

  it('nobody’s text waits for files; what the same person says after it in the room does', async () => {
    let filesAreBack = (): void => undefined;
    const files = new Promise<void>((resolve) => {
      filesAreBack = resolve;
    });
    const { sends, calls, outcomes } = openBehind([
      async (list) => {
        if (list.some(({ body }) => body.attachments !== undefined)) await files;
        return good(list);
      },
    ]);
    const [before, file, behind, other] = [sendTo('a'), sendTo('a', 2000, ['fil_1']), sendTo('a'), sendTo('b')];
    for (const send of [before, file, behind, other]) sends.push(send);
    await until(() => outcomes.length === 2);
    const [late, elsewhere] = [sendTo('a'), sendTo('b')];
    for (const send of [late, elsewhere]) sends.push(send);
    await until(() => outcomes.length === 3);
    const idsOf = (list: Send[]): string[] => list.map(({ body }) => body.client_id);
    expect(calls.map(({ ids }) => ids)).to.deep.equal([[before, other], [file], [elsewhere]].map(idsOf));
    filesAreBack();
    await until(() => outcomes.length === 6);
    expect(outcomes.map(([id]) => id)).to.deep.equal(idsOf([before, other, elsewhere, file, behind, late]));
    sends.push(sendTo('a'));
    await until(() => outcomes.length === 7);
  });

  it('what follows a message whose files can’t be asked for waits for each of its tries', async () => {
    let tries = 0;
    const { sends, outcomes } = openBehind([
      (list) =>
        good(list).map((answer, i) =>
          list[i]?.body.attachments !== undefined && ++tries < 3
            ? { ok: false, error: { code: 'SERVICE_UNAVAILABLE', message: 'later', details: {} } }
            : answer,
        ),
    ]);
    const [file, behind] = [sendTo('a', 2000, ['fil_1']), sendTo('a')];
    for (const send of [file, behind]) sends.push(send);
    await until(() => outcomes.length === 2);
    expect(outcomes.map(([id]) => id)).to.deep.equal([file, behind].map(({ body }) => body.client_id));
    expect(tries).to.equal(3);
  });

  it('whose message with a file was taken waits no more for those that were not', async () => {
    const stuck = sendTo('a', 1500, ['fil_1']);
    const { sends, outcomes } = openBehind([
      (list) =>
        good(list).map((answer, i) =>
          list[i]?.body.client_id === stuck.body.client_id
            ? { ok: false, error: { code: 'SERVICE_UNAVAILABLE', message: 'later', details: {} } }
            : answer,
        ),
    ]);
    const taken = sendTo('b', 1500, ['fil_2']);
    for (const send of [stuck, taken]) sends.push(send);
    await until(() => outcomes.length === 1);
    sends.push(sendTo('b'));
    await until(() => outcomes.length === 2, 500);
    expect(outcomes.every(([, outcome]) => !(outcome instanceof AppError))).to.equal(true);
  });

  it('what is not taken now is tried again beside what comes', async () => {
    let closed: string | undefined;
    const { sends, outcomes } = openBehind([
      (list) =>
        good(list).map((answer, i) =>
          list[i]?.body.client_id === closed
            ? { ok: false, error: { code: 'SERVICE_UNAVAILABLE', message: 'later', details: {} } }
            : answer,
        ),
    ]);
    const stuck = sendTo('a');
    closed = stuck.body.client_id;
    sends.push(stuck);
    for (let i = 1; i <= 5; i++) {
      sends.push(sendTo('b'));
      await until(() => outcomes.length === i);
    }
    expect(outcomes.map(([id]) => id)).not.to.include(closed);
    closed = undefined;
    await until(() => outcomes.length === 6);
  });

  it('settle waits for what is under way', async () => {
    const { sends, outcomes } = openBehind([good]);
    sends.push(sendTo('room'));
    await sends.settle(1000);
    expect(outcomes).to.have.length(1);
  });
});
