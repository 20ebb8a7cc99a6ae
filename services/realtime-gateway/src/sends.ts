// Owns: clients' messages on their way to message and their acks. The sends of one turn travel together, one batch in flight
// per message instance. Guarantee: a retry sends the same client_ids, so an instance that dies doubles nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AppError,
  type ErrorCode,
  type Lane,
  type Log,
  openLane,
  type Peer,
  toAppError,
  unavailable,
} from '@chatapi/kit';
import type { Send } from './node.ts';
import { instanceFor } from './rendezvous.ts';

export interface SendAnswer {
  message_id: string;
  chat_id: string;
  seq: number;
  created_at: string;
  /** The exact text of its event; '' for a repeat. This node gets it by no signal. */
  frame: string;
}

/** What became of a send. */
export interface Outcome {
  send: Send;
  answer: SendAnswer | AppError;
}

export interface Sends {
  push(send: Send): void;
  /** Resolves when nothing is under way, or after `ms`. */
  settle(ms: number): Promise<void>;
}

type Result =
  | ({ ok: true } & SendAnswer)
  | { ok: false; error: { code: ErrorCode; message: string; details: Record<string, unknown> } };

/** How long a message may be on its way before its sender hears SERVICE_UNAVAILABLE: a restart of message fits in. */
export const SEND_PATIENCE_MS = 15_000;
const TIMEOUT_MS = 4000;
/** An instance that failed is asked last for this long. */
const SHUN_MS = 3000;
const RETRIED: ErrorCode[] = ['SERVICE_UNAVAILABLE', 'INTERNAL_ERROR'];

export const roomKey = ({ body, connection }: Send): string =>
  body.chat_id ?? `dm:${[connection.user.id, body.recipient_id as string].sort().join(':')}`;

const answerOf = (result: Result): SendAnswer | AppError =>
  result.ok ? result : new AppError(result.error.code, result.error.message, { details: result.error.details });

const wire = ({ connection, body, request_id }: Send) => ({
  sender_id: connection.user.id,
  role: connection.claims.role,
  origin: connection.id,
  request_id,
  body,
});

/** @param node its id in the interest map. */
export function openSends(node: string, message: Peer, log: Log, onDone: (outcomes: Outcome[]) => void): Sends {
  const lanes: Lane<Send>[] = Array.from({ length: message.size }, (_, i) =>
    openLane(
      (batch) => carry(i, batch),
      ({ size }) => size,
    ),
  );
  const shunned: number[] = lanes.map(() => 0);

  function pick(lane: number, attempt: number): number {
    const order = lanes.map((_, i) => (lane + attempt + i) % lanes.length);
    return order.find((i) => (shunned[i] as number) < Date.now()) ?? (order[0] as number);
  }

  async function ask(instance: number, batch: Send[]): Promise<Result[]> {
    const { results } = await message.at(instance).call<{ results: Result[] }>('POST', '/internal/sends', {
      body: { node, sends: batch.map(wire) },
      timeoutMs: TIMEOUT_MS,
    });
    if (results.length !== batch.length) throw unavailable('Messages');
    return results;
  }

  /** Hands out what is decided. @returns what may be tried again. */
  function settle(batch: Send[], answerOf: (i: number) => SendAnswer | AppError): Send[] {
    const again: Send[] = [];
    const outcomes: Outcome[] = [];
    for (const [i, send] of batch.entries()) {
      const answer = answerOf(i);
      const passes = answer instanceof AppError && RETRIED.includes(answer.code) && Date.now() < send.deadline;
      if (passes) again.push(send);
      else outcomes.push({ send, answer });
    }
    onDone(outcomes);
    return again;
  }

  async function carry(lane: number, batch: Send[]): Promise<void> {
    let rest = batch;
    for (let attempt = 0; rest.length > 0; attempt++) {
      const instance = pick(lane, attempt);
      try {
        const results = await ask(instance, rest);
        rest = settle(rest, (i) => answerOf(results[i] as Result));
      } catch (thrown) {
        const error = toAppError(thrown);
        log.debug({ err: String(error.cause ?? error.message), sends: rest.length }, 'sends are tried again');
        shunned[instance] = Date.now() + SHUN_MS;
        rest = settle(rest, () => error);
      }
      const oneMoreInstance = attempt + 1 < lanes.length;
      if (rest.length > 0 && !oneMoreInstance) await sleep(Math.min(50 * 2 ** (attempt - lanes.length + 1), 500));
    }
  }

  return {
    push(send) {
      (lanes[instanceFor(roomKey(send), lanes.length)] as Lane<Send>).push(send);
    },
    async settle(ms) {
      for (const end = Date.now() + ms; Date.now() < end && lanes.some((lane) => lane.busy()); ) await sleep(20);
    },
  };
}
