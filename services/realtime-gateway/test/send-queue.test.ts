import { setImmediate as turn } from 'node:timers/promises';
import { AppError, directRoomId } from '@chatapi/kit';
import { expect } from 'chai';
import type { Send } from '../src/state.ts';
import { until } from './node-fixture.ts';
import { away, by, codesOf, good, hangs, type Instance, openBehind, sendTo, stoppedBy } from './send-queue-fixture.ts';

describe('send queue', () => {
  it('sends of one turn share a batch, in their order', async () => {
    const { sends, calls, outcomes } = openBehind([good]);
    const all = Array.from({ length: 20 }, () => sendTo('room'));
    for (const send of all) sends.push(send);
    await until(() => outcomes.length === 20);
    expect(calls).to.deep.equal([{ instance: 0, ids: all.map(({ body }) => body.client_id) }]);
    expect(outcomes.map(([id]) => id)).to.deep.equal(all.map(({ body }) => body.client_id));
  });

  it('senders who were just answered are waited for, so that their next sends share a batch', async () => {
    const { sends, calls, outcomes, after } = openBehind([good]);
    const say = (n: number): void => {
      for (let i = 0; i < n; i++) sends.push(sendTo('room'));
    };
    // The first of eight arrives before the batch has ended, the others a turn later.
    after((n) => {
      if (outcomes.length > 160) return;
      say(1);
      void turn().then(() => say(n - 1));
    });
    say(8);
    await until(() => outcomes.length > 160);
    // Some batches split when the machine pauses.
    expect(calls.filter(({ ids }) => ids.length === 8)).to.have.length.greaterThan(10);
  });

  it('a room goes to one instance; if that fails, another takes over with the same client_ids', async () => {
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

  it('a send is refused with SERVICE_UNAVAILABLE after its deadline', async () => {
    const { sends, outcomes } = openBehind([away]);
    sends.push(sendTo('room', 200));
    await until(() => outcomes.length === 1);
    expect(outcomes[0]?.[1]).to.include({ code: 'SERVICE_UNAVAILABLE' });
  });

  it('only the retryable sends of a batch are retried', async () => {
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

  it('a send with attachments delays only later sends of the same user in the same room', async () => {
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

  it('a direct room is the same whether its id or its other person is named', async () => {
    let filesAreBack = (): void => undefined;
    const files = new Promise<void>((resolve) => {
      filesAreBack = resolve;
    });
    const { sends, outcomes } = openBehind([
      async (list) => {
        if (list.some(({ body }) => body.attachments !== undefined)) await files;
        return good(list);
      },
    ]);
    const file = sendTo('', 2000, ['fil_1']);
    file.body = { ...file.body, chat_id: undefined, recipient_id: 'usr_2' };
    const [behind, other] = [sendTo(directRoomId('usr_1', 'usr_2')), sendTo('a')];
    for (const send of [file, behind, other]) sends.push(send);
    await until(() => outcomes.length === 1);
    filesAreBack();
    await until(() => outcomes.length === 3);
    expect(outcomes.map(([id]) => id)).to.deep.equal([other, file, behind].map(({ body }) => body.client_id));
  });

  it('sends behind one with attachments wait for all its retries', async () => {
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

  it('a user whose send with attachments succeeded no longer waits for others’', async () => {
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

  it('a refused send is retried without delaying new ones', async () => {
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

  it('one that an instance does not answer in time reaches two instances at most and is refused; the others succeed', async () => {
    const all = Array.from({ length: 9 }, (_, i) => sendTo('a', 2000, undefined, by(`usr_${i}`)));
    const poison = all[4] as Send;
    const { sends, calls, outcomes } = openBehind([0, 1, 2, 3].map(() => stoppedBy([poison])));
    for (const send of all) sends.push(send);
    await until(() => outcomes.length === 9);
    const wanted = all.map((send) => [send.body.client_id, send === poison ? 'SERVICE_UNAVAILABLE' : 'ok']);
    expect(codesOf(outcomes)).to.deep.equal(Object.fromEntries(wanted));
    const harmed = calls.filter(({ ids }) => ids.includes(poison.body.client_id as string));
    expect(harmed.map(({ ids }) => ids.length)).to.deep.equal([9, 1]);
    expect(new Set(harmed.map(({ instance }) => instance)).size).to.equal(2);
  });

  it('another instance takes over the batch of one that hangs, in order, and all new sends', async () => {
    const state = { hung: -1 };
    const instances = [0, 1].map(
      (i): Instance =>
        (list) =>
          state.hung === i ? hangs(list) : good(list),
    );
    const { sends, calls, outcomes } = openBehind(instances);
    sends.push(sendTo('a'));
    await until(() => outcomes.length === 1);
    state.hung = calls[0]?.instance as number;
    const all = Array.from({ length: 5 }, () => sendTo('a'));
    for (const send of all) sends.push(send);
    await until(() => outcomes.length === 6);
    expect(outcomes.slice(1).map(([id]) => id)).to.deep.equal(all.map(({ body }) => body.client_id));
    expect(Object.values(codesOf(outcomes)).every((code) => code === 'ok')).to.equal(true);
  });

  it('nobody waits for another user’s refused send', async () => {
    const stuck = sendTo('a', 1500, ['fil_1'], by('usr_stuck'));
    const { sends, outcomes } = openBehind([
      (list) =>
        good(list).map((answer, i) =>
          list[i]?.body.client_id === stuck.body.client_id
            ? { ok: false, error: { code: 'SERVICE_UNAVAILABLE', message: 'later', details: {} } }
            : answer,
        ),
    ]);
    sends.push(stuck);
    await turn();
    for (let i = 1; i <= 5; i++) {
      sends.push(sendTo('a', 1500, ['fil_2'], by('usr_other')));
      await until(() => outcomes.length === i, 200);
    }
    expect(Object.values(codesOf(outcomes)).every((code) => code === 'ok')).to.equal(true);
  });

  it('settle waits for pending sends', async () => {
    const { sends, outcomes } = openBehind([good]);
    sends.push(sendTo('room'));
    await sends.settle(1000);
    expect(outcomes).to.have.length(1);
  });
});
