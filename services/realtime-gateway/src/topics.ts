// Owns: which topics this node wants, and that Redis' interest map says so as soon as Redis can be reached.
// Guarantee: once `enter` has resolved true, whatever commits in those topics is sent here.
import { enterTopics, leaveTopics } from '@chatapi/bus';
import type { Log, Redis } from '@chatapi/kit';
import { gathered } from './gather.ts';

export interface Topics {
  /** @returns false when Redis could not be told: the heads must be polled until `enterAll` has worked. */
  enter(topics: string[]): Promise<boolean>;
  leave(topics: string[]): Promise<void>;
  /** After Redis forgot, or was away. @throws when Redis is away. */
  enterAll(): Promise<void>;
  /** Everything wanted is in the map as far as this node knows. */
  readonly entered: boolean;
}

export function openTopics(redis: Redis, node: string, log: Log): Topics {
  const wanted = new Set<string>();
  let entered = true;

  async function tell(topics: string[]): Promise<boolean> {
    try {
      await enterTopics(redis, node, topics);
      return true;
    } catch (err) {
      log.debug({ err: (err as Error).message }, 'topics could not be entered');
      entered = false;
      return false;
    }
  }

  const tellAll = gathered(async (lists: string[][]) => {
    const told = await tell(lists.flat());
    return lists.map(() => told);
  });

  return {
    enter(topics) {
      for (const topic of topics) wanted.add(topic);
      return tellAll(topics);
    },
    async leave(topics) {
      for (const topic of topics) wanted.delete(topic);
      // A stale entry costs a few bytes of a signal; it is not worth a second try.
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
