// A send queue in front of message instances of a test's own.
import { AppError, unavailable } from '@chatapi/kit';
import { type ServiceClient, TimedOut } from '@chatapi/kit/rpc';
import { createSendQueue, type SendAnswer, type SendQueue } from '../src/message-service/send-queue.ts';
import type { Connection, Send } from '../src/state.ts';

const connection = { id: 'con_1', user: { id: 'usr_1' }, claims: { role: 'user' } } as unknown as Connection;
const log = { debug: () => undefined } as unknown as Parameters<typeof createSendQueue>[2];
let made = 0;
export const by = (id: string): Connection => ({ ...connection, user: { id } }) as Connection;
export const sendTo = (chat_id: string, patience = 2000, attachments?: string[], from = connection): Send => ({
  connection: from,
  client_id: null,
  body: { chat_id, content: 'x', attachments, client_id: `c${++made}` },
  request_id: 'req',
  size: 100,
  deadline: Date.now() + patience,
  done: false,
});

type Sent = { body: { chat_id: string; client_id: string; attachments?: string[] } };
export type Instance = (sends: Sent[], mayWait?: boolean) => unknown[] | Promise<unknown[]>;

export const good = (sends: Sent[]): unknown[] =>
  sends.map(({ body }, seq) => ({
    ok: true,
    message_id: body.client_id,
    chat_id: body.chat_id,
    seq,
    created_at: '',
    frame: '',
  }));
export const away: Instance = () => {
  throw unavailable('message');
};
export const hangs: Instance = () => {
  throw unavailable('message', new TimedOut());
};
/** Times out while one of these is in the batch. */
export const stoppedBy =
  (poison: Send[]): Instance =>
  (sends) =>
    sends.some(({ body }) => poison.some((one) => one.body.client_id === body.client_id)) ? hangs(sends) : good(sends);
export const codesOf = (outcomes: [string, SendAnswer | AppError][]): Record<string, string> =>
  Object.fromEntries(outcomes.map(([id, outcome]) => [id, outcome instanceof AppError ? outcome.code : 'ok']));

export interface Behind {
  sends: SendQueue;
  calls: { instance: number; ids: string[] }[];
  outcomes: [string, SendAnswer | AppError][];
  /** Called after each batch with its size. */
  after(then: (size: number) => void): void;
}

export function openBehind(instances: Instance[]): Behind {
  const calls: { instance: number; ids: string[] }[] = [];
  const outcomes: [string, SendAnswer | AppError][] = [];
  const names = instances.map((_, i) => `http://message-${i}`);
  const message = {
    instances: () => names,
    at: (name: string) => ({
      async call(_method: string, _path: string, { body }: { body: { sends: Sent[]; may_wait: boolean } }) {
        const instance = names.indexOf(name);
        calls.push({ instance, ids: body.sends.map((s) => s.body.client_id) });
        return { results: await (instances[instance] as Instance)(body.sends, body.may_wait) };
      },
    }),
  } as unknown as ServiceClient;
  let onBatch = (_size: number): void => undefined;
  const sends = createSendQueue('node', message, log, (done) => {
    for (const { send, answer } of done) outcomes.push([send.body.client_id, answer]);
    onBatch(done.length);
  });
  const after = (then: typeof onBatch): void => {
    onBatch = then;
  };
  return { sends, calls, outcomes, after };
}
