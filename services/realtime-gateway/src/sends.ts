// Owns: clients' messages on their way to message and their acks. The sends of one turn travel together, one batch in flight
// per message instance, and beside it one of those that wait for more than message: nobody else's text waits with them.
// Guarantees: a retry sends the same client_ids, so an instance that dies doubles nothing; what one person sends into one room
// after a message that waits aside goes behind it.
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

/** What keeps its order. */
const turnKey = (send: Send): string => `${send.connection.user.id} ${roomKey(send)}`;

/** The first of each person and room: the next must not be taken before it is. */
const firsts = (sends: Send[]): Set<Send> => {
  const byKey = new Map<string, Send>();
  for (const send of sends) if (!byKey.has(turnKey(send))) byKey.set(turnKey(send), send);
  return new Set(byKey.values());
};

const namesFiles = ({ body }: Send): boolean => (body.attachments?.length ?? 0) > 0;

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
  const open = (carry: (instance: number, batch: Send[]) => Promise<void>): Lane<Send>[] =>
    Array.from({ length: message.size }, (_, i) =>
      openLane(
        (batch) => carry(i, batch),
        ({ size }) => size,
      ),
    );
  const lanes = open(carry);
  const asides = open(carryAside);
  /** How many sends of a person into a room are aside. */
  const aside = new Map<string, number>();
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

  /** Asks, beginning with instance `from`, until one has answered or all have run out of patience. @returns what it would not take now. */
  async function deliver(from: number, batch: Send[]): Promise<Send[]> {
    let rest = batch;
    for (let attempt = 0; rest.length > 0; attempt++) {
      const instance = pick(from, attempt);
      try {
        const results = await ask(instance, rest);
        return settle(rest, (i) => answerOf(results[i] as Result));
      } catch (thrown) {
        const error = toAppError(thrown);
        log.debug({ err: String(error.cause ?? error.message), sends: rest.length }, 'sends are tried again');
        shunned[instance] = Date.now() + SHUN_MS;
        rest = settle(rest, () => error);
      }
      await pauseAfter(attempt, rest);
    }
    return rest;
  }

  /** Once each instance has been asked. */
  async function pauseAfter(attempt: number, rest: Send[]): Promise<void> {
    const round = attempt + 1 - lanes.length;
    if (rest.length > 0 && round >= 0) await sleep(Math.min(50 * 2 ** round, 500));
  }

  function countAside(send: Send, more: 1 | -1): void {
    const key = turnKey(send);
    const count = (aside.get(key) ?? 0) + more;
    if (count > 0) aside.set(key, count);
    else aside.delete(key);
  }

  /** Files have to be asked for; what follows such a message, or one that is aside, goes behind it. */
  function part(batch: Send[]): { now: Send[]; later: Send[] } {
    if (aside.size === 0 && !batch.some(namesFiles)) return { now: batch, later: [] };
    const keys = new Set(aside.keys());
    const now: Send[] = [];
    const later: Send[] = [];
    for (const send of batch) {
      const waits = namesFiles(send) || keys.has(turnKey(send));
      if (waits) keys.add(turnKey(send));
      (waits ? later : now).push(send);
    }
    return { now, later };
  }

  async function carry(lane: number, batch: Send[]): Promise<void> {
    const { now, later } = part(batch);
    for (const send of [...(await deliver(lane, now)), ...later]) {
      countAside(send, 1);
      (asides[lane] as Lane<Send>).push(send);
    }
  }

  async function carryAside(lane: number, batch: Send[]): Promise<void> {
    let rest = batch;
    for (let attempt = 0; rest.length > 0; ) {
      const first = firsts(rest);
      const again = new Set(await deliver(lane + attempt, [...first]));
      for (const send of first.difference(again)) countAside(send, -1);
      rest = rest.filter((send) => !first.has(send) || again.has(send));
      if (again.size === 0) attempt = 0;
      else await pauseAfter(attempt++, rest);
    }
  }

  return {
    push(send) {
      (lanes[instanceFor(roomKey(send), lanes.length)] as Lane<Send>).push(send);
    },
    async settle(ms) {
      const all = [...lanes, ...asides];
      for (const end = Date.now() + ms; Date.now() < end && all.some((lane) => lane.busy()); ) await sleep(20);
    },
  };
}
