// The topics that this node wants, written to the interest map in Redis. Once `enter` has resolved
// to true, whatever is committed in these topics is sent to this node.
import { enterTopics, leaveTopics } from '@chatapi/bus';
import type { Log } from '@chatapi/kit';
import type { Redis } from '@chatapi/kit/data';
import { coalesce } from '../message-service/coalesce.ts';

export interface Topics {
  /** @returns false when Redis is down: heads must be polled until `enterAll` succeeds. */
  enter(topics: string[]): Promise<boolean>;
  leave(topics: string[]): Promise<void>;
  /** Enters all topics again, after Redis lost its data or was down. @throws when Redis is down. */
  enterAll(): Promise<void>;
  /** As far as this node knows, the map has all its topics. */
  readonly entered: boolean;
}

export function createTopics(redis: Redis, node: string, log: Log): Topics {
  const wanted = new Set<string>();
  let entered = true;

  async function enterInRedis(topics: string[]): Promise<boolean> {
    try {
      await enterTopics(redis, node, topics);
      return true;
    } catch (err) {
      log.debug({ err: (err as Error).message }, 'could not enter topics');
      entered = false;
      return false;
    }
  }

  const enterCoalesced = coalesce(async (lists: string[][]) => {
    const result = await enterInRedis(lists.flat());
    return lists.map(() => result);
  });

  return {
    enter(topics) {
      for (const topic of topics) wanted.add(topic);
      return enterCoalesced(topics);
    },
    async leave(topics) {
      for (const topic of topics) wanted.delete(topic);
      // Not retried: a stale entry costs only superfluous signals.
      await leaveTopics(redis, node, topics, (topic) => wanted.has(topic)).catch(() => undefined);
    },
    async enterAll() {
      await enterTopics(redis, node, [...wanted]);
      entered = true;
    },
    get entered() {
      return entered;
    },
  };
}
