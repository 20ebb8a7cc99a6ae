// Writers that behave like correct clients: one key per message, repeated over any path until it is
// acknowledged or refused.
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type User } from './api.ts';
import type { Ack } from './checker.ts';
import type { Random } from './random.ts';
import { keepConnected } from './socket.ts';

export interface Writer {
  /** Start time of the newest acknowledged attempt. */
  lastGood(): number;
  /** Responses that a correct product never gives. */
  breaches: string[];
  acks: Ack[];
  /** Number of repeated sends. */
  repeats(): number;
  stop(): Promise<void>;
}

/** How much one writer sends. */
export interface Pace {
  /** Sends in flight. */
  parallel: number;
  /** Time in ms from an acknowledgement to the next send. */
  pause: number;
}

/** One attempt: an acknowledgement, or `undefined` if unknown; throws on a wrong response. */
type Attempt = (room: string, client_id: string) => Promise<Ack | undefined>;

const AGAIN_MS = 150;
const PATIENCE_MS = 3000;
/** Codes that mean "retry": nothing was done, or the outcome is unknown. */
const NOT_NOW = new Set(['SERVICE_UNAVAILABLE', 'INTERNAL_ERROR', 'RATE_LIMIT_EXCEEDED']);

function writer(
  name: string,
  rooms: string[],
  random: Random,
  { parallel, pause }: Pace,
  attempt: Attempt,
  end: () => void,
): Writer {
  const acks: Ack[] = [];
  const breaches: string[] = [];
  let [number, repeats, lastGood, stopped] = [0, 0, 0, false];

  async function one(): Promise<void> {
    const room = random.pick(rooms);
    const client_id = `${name}-${number++}`;
    for (let tries = 0; ; tries++) {
      const started = Date.now();
      const ack = await attempt(room, client_id);
      if (ack !== undefined) {
        acks.push(ack);
        lastGood = Math.max(lastGood, started);
        return;
      }
      if (stopped) return;
      repeats += tries > 0 ? 0 : 1;
      await sleep(AGAIN_MS);
    }
  }
  const loop = async (): Promise<void> => {
    while (!stopped) {
      await one().catch((error: Error) => void breaches.push(`${name}: ${error.message}`));
      if (pause > 0) await sleep(pause);
    }
  };
  const loops = Array.from({ length: parallel }, loop);
  const stop = async (): Promise<void> => {
    stopped = true;
    await Promise.all(loops);
    end();
  };
  return { lastGood: () => lastGood, breaches, acks, repeats: () => repeats, stop };
}

export function restWriter(urls: string[], user: User, rooms: string[], random: Random, pace: Pace): Writer {
  const attempt: Attempt = async (room, client_id) => {
    const body = { chat_id: room, content: client_id, client_id };
    const answer = await ask('POST', `${random.pick(urls)}/messages/`, user.token, body).catch(() => undefined);
    if (answer === undefined || answer.status >= 500 || answer.status === 429) return undefined;
    if (answer.status > 201) throw new Error(`${client_id} answered ${answer.status} ${JSON.stringify(answer.body)}`);
    return { room, client_id, message_id: answer.body.id, seq: answer.body.seq };
  };
  return writer(user.name, rooms, random, pace, attempt, () => undefined);
}

export function socketWriter(
  urls: string[],
  user: User,
  first: number,
  rooms: string[],
  random: Random,
  pace: Pace,
): Writer {
  const waiting = new Map<string, (frame: any) => void>();
  let send: ((frame: object) => void) | undefined;
  const socket = keepConnected(urls, user.token, first, {
    live: (newSend) => {
      send = newSend;
    },
    gone: () => {
      send = undefined;
      for (const answer of [...waiting.values()]) answer(undefined);
    },
    frame: (frame) => {
      if (frame.type === 'ack' || frame.type === 'error') waiting.get(frame.client_id)?.(frame);
    },
  });
  const attempt: Attempt = async (room, client_id) => {
    if (send === undefined) return undefined;
    const cancel = new AbortController();
    const answered = new Promise<any>((resolve) => waiting.set(client_id, resolve));
    send({ message: client_id, chat_id: room, client_id });
    const late = sleep(PATIENCE_MS, undefined, { signal: cancel.signal }).catch(() => undefined);
    const frame = await Promise.race([answered, late]);
    cancel.abort();
    waiting.delete(client_id);
    if (frame === undefined) return undefined;
    if (frame.type === 'ack') return { room, client_id, message_id: frame.message_id, seq: frame.seq };
    if (NOT_NOW.has(frame.code)) return undefined;
    throw new Error(`${client_id} answered ${JSON.stringify(frame)}`);
  };
  return writer(user.name, rooms, random, pace, attempt, socket.stop);
}
