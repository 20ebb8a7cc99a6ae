// Sends clients' messages to the message service, one batch in flight per instance. Retries carry
// the same client_ids, so nothing is sent twice. A batch that timed out is not passed on as a
// whole: one of its sends may have stopped the instance. side-queue.ts takes the sends that could
// delay others.
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, directRoomId, type ErrorCode, type Log, toAppError, unavailable } from '@chatapi/kit';
import { createLanes, type ServiceClient, TimedOut } from '@chatapi/kit/rpc';
import type { Send } from '../state.ts';
import { createSideQueue, type Undecided } from './side-queue.ts';

export interface SendAnswer {
  message_id: string;
  chat_id: string;
  seq: number;
  created_at: string;
  /** The event's frame, which is not signalled to this node; '' for a repeat. */
  frame: string;
  /** Of the room; undefined for a repeat, and from a message service of the previous version. */
  version?: number;
}

/** The final answer to a send. */
export interface Outcome {
  send: Send;
  answer: SendAnswer | AppError;
}

export interface SendQueue {
  push(send: Send): void;
  /** Resolves when no send is pending, or after `ms`. */
  settle(ms: number): Promise<void>;
}

/** The message service must ask a hook first. */
type Aside = { aside: true };

type Result =
  | ({ ok: true } & SendAnswer)
  | Aside
  | { ok: false; error: { code: ErrorCode; message: string; details: Record<string, unknown> } };

/** Time after which a send is refused with SERVICE_UNAVAILABLE; longer than a restart takes. */
export const MAX_SEND_MS = 15_000;
const TIMEOUT_MS = 4000;
/** For this long a failed instance is tried last. */
const AVOID_MS = 3000;
/** Not INTERNAL_ERROR, which would be the same at every instance. */
const RETRIED: ErrorCode[] = ['SERVICE_UNAVAILABLE'];
/** A decision: the hook before messages does not answer, and such messages are refused. */
const FINAL = 'hook_unavailable';

const roomKey = ({ body, connection }: Send): string =>
  body.chat_id ?? directRoomId(connection.user.id, body.recipient_id as string);

/** Sends with the same key keep their order. */
const orderKey = (send: Send): string => `${send.connection.user.id} ${roomKey(send)}`;

const hasAttachments = ({ body }: Send): boolean => (body.attachments?.length ?? 0) > 0;

function answerOf(result: Result): SendAnswer | AppError | Aside {
  if ('aside' in result || result.ok) return result;
  const { code, message, details } = result.error;
  return new AppError(code, message, { details });
}

const isRetried = ({ code, details }: AppError): boolean => RETRIED.includes(code) && details.reason !== FINAL;

const toWire = ({ connection, body, request_id }: Send) => ({
  sender_id: connection.user.id,
  role: connection.claims.role,
  origin: connection.id,
  request_id,
  body,
});

/** @param node the node's id in the interest map. */
export function createSendQueue(
  node: string,
  message: ServiceClient,
  log: Log,
  onDone: (outcomes: Outcome[]) => void,
): SendQueue {
  const lanes = createLanes<Send>({
    instances: message.instances,
    keyOf: roomKey,
    bytesOf: ({ size }) => size,
    send: sendBatch,
  });
  const sideQueue = createSideQueue(orderKey, {
    deliver: (from, batch) => deliver(from, batch, true),
    refuse: (send) => onDone([{ send, answer: unavailable('Messages') }]),
  });
  const avoidedUntil = new Map<string, number>();

  function avoid(instance: string): void {
    const now = Date.now();
    for (const [each, until] of avoidedUntil) if (until < now) avoidedUntil.delete(each);
    avoidedUntil.set(instance, now + AVOID_MS);
  }

  /** @returns undefined while no instance is known. */
  function pickInstance(home: string, attempt: number): string | undefined {
    const list = message.instances();
    const start = Math.max(0, list.indexOf(home)) + attempt;
    const order = list.map((_, i) => list[(start + i) % list.length] as string);
    return order.find((instance) => (avoidedUntil.get(instance) ?? 0) < Date.now()) ?? order[0];
  }

  async function post(instance: string | undefined, batch: Send[], may_wait: boolean): Promise<Result[]> {
    if (instance === undefined) throw unavailable('Messages');
    const { results } = await message.at(instance).call<{ results: Result[] }>('POST', '/internal/sends', {
      body: { node, sends: batch.map(toWire), may_wait },
      timeoutMs: TIMEOUT_MS,
    });
    if (results.length !== batch.length) throw unavailable('Messages');
    return results;
  }

  /** Reports final answers. @returns the sends that have none yet. */
  function settle(batch: Send[], answerOf: (i: number) => SendAnswer | AppError | Aside): Send[] {
    const again: Send[] = [];
    const outcomes: Outcome[] = [];
    for (const [i, send] of batch.entries()) {
      const answer = answerOf(i);
      if ('aside' in answer) again.push(send);
      else if (answer instanceof AppError && isRetried(answer) && Date.now() < send.deadline) again.push(send);
      else outcomes.push({ send, answer });
    }
    onDone(outcomes);
    return again;
  }

  /**
   * Tries the instances, beginning with `from`, until one answers or times out, or deadlines pass.
   * @param mayWait for the hook before messages; otherwise what must wait has no answer.
   */
  async function deliver(from: string, batch: Send[], mayWait: boolean): Promise<Undecided> {
    let rest = batch;
    for (let attempt = 0; rest.length > 0; attempt++) {
      const instance = pickInstance(from, attempt);
      try {
        const results = await post(instance, rest, mayWait);
        return { again: settle(rest, (i) => answerOf(results[i] as Result)), timedOut: [] };
      } catch (thrown) {
        const error = toAppError(thrown);
        log.debug({ err: String(error.cause ?? error.message), sends: rest.length }, 'sends failed and are retried');
        if (instance !== undefined) avoid(instance);
        rest = settle(rest, () => error);
        if (error.cause instanceof TimedOut) return { again: [], timedOut: rest };
      }
      await pauseAfter(attempt, rest);
    }
    return { again: [], timedOut: [] };
  }

  /** Pauses after each round in which all instances have failed. */
  async function pauseAfter(attempt: number, rest: Send[]): Promise<void> {
    const round = attempt + 1 - message.instances().length;
    if (rest.length > 0 && round >= 0) await sleep(Math.min(50 * 2 ** round, 500));
  }

  /**
   * Splits off sends with attachments, and those that must stay behind a send in the side queue.
   */
  function split(batch: Send[]): { now: Send[]; later: Send[] } {
    if (!sideQueue.busy() && !batch.some(hasAttachments)) return { now: batch, later: [] };
    const behind = new Set<string>();
    const now: Send[] = [];
    const later: Send[] = [];
    for (const send of batch) {
      const waits = hasAttachments(send) || behind.has(orderKey(send)) || sideQueue.has(orderKey(send));
      if (waits) behind.add(orderKey(send));
      (waits ? later : now).push(send);
    }
    return { now, later };
  }

  async function sendBatch(home: string, batch: Send[]): Promise<void> {
    const { now, later } = split(batch);
    const { again, timedOut } = await deliver(home, now, false);
    sideQueue.add(home, [...again, ...timedOut, ...later], new Set(timedOut));
  }

  return {
    push: lanes.push,
    async settle(ms) {
      const busy = (): boolean => sideQueue.busy() || lanes.busy();
      for (const end = Date.now() + ms; Date.now() < end && busy(); ) await sleep(20);
    },
  };
}
