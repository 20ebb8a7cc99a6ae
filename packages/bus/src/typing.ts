// Who is shown as typing where, told at most so often. It stands in Redis, since a person may type
// by a socket and by REST, and stop at another instance than the one that heard the beginning. Best
// effort: without Redis no node would hear of it either.
import type { Redis } from 'ioredis';
import { type PacketRecord, roomTopic } from './packet.ts';

export interface TypingFrame {
  type: 'typing';
  chat_id: string;
  user_id: string;
  expires_in_ms: number;
  timestamp: string;
}

interface Typist {
  user_id: string;
  chat_id: string;
  stop: boolean;
  /** The connection; '' by REST. */
  origin: string;
}

export interface TypingNotices {
  /**
   * Notes that the user types, or has stopped. @returns what the others are told; undefined when it
   * adds nothing, or comes too soon. @throws without Redis.
   */
  note(typist: Typist): Promise<PacketRecord | undefined>;
}

/** Minimum time between two typing notices of one user in one room. */
const MIN_INTERVAL_MS = 2000;
/** The same after a stop: who begins again is shown soon, and nobody flickers. */
const MIN_AFTER_STOP_MS = 500;
/** Without another notice the user has stopped. More than twice the interval: one may be lost. */
const EXPIRES_IN_MS = 6000;

// The key lives as long as the last notice, so that what is left of its time tells its age.
// ARGV: 1 for a stop. Returns: 1 if the others are to be told.
const NOTE = `
local state = redis.call('GET', KEYS[1])
if ARGV[1] == '1' then
  if state ~= 'shown' then return 0 end
  redis.call('SET', KEYS[1], 'stopped', 'KEEPTTL')
  return 1
end
local age = ${EXPIRES_IN_MS} - redis.call('PTTL', KEYS[1])
if state == 'shown' and age < ${MIN_INTERVAL_MS} then return 0 end
if state == 'stopped' and age < ${MIN_AFTER_STOP_MS} then return 0 end
redis.call('SET', KEYS[1], 'shown', 'PX', ${EXPIRES_IN_MS})
return 1`;

type Scripted = Redis & { chatapiType(key: string, stop: 0 | 1): Promise<0 | 1> };

function recordOf({ user_id, chat_id, stop, origin }: Typist): PacketRecord {
  const frame: TypingFrame = {
    type: 'typing',
    chat_id,
    user_id,
    expires_in_ms: stop ? 0 : EXPIRES_IN_MS,
    timestamp: new Date().toISOString(),
  };
  const frameText = JSON.stringify(frame);
  return {
    kind: 'notice',
    topic: roomTopic(chat_id),
    room: chat_id,
    seq: 0,
    sender: user_id,
    origin,
    frame: frameText,
  };
}

export function createTypingNotices(redis: Redis): TypingNotices {
  redis.defineCommand('chatapiType', { numberOfKeys: 1, lua: NOTE });
  const scripted = redis as Scripted;
  return {
    async note(typist) {
      const key = `chatapi:typing:${typist.user_id} ${typist.chat_id}`;
      return (await scripted.chatapiType(key, typist.stop ? 1 : 0)) === 1 ? recordOf(typist) : undefined;
    },
  };
}
