// Pushes figures, new reports and audit entries to staff who subscribed. The admin service is asked
// while somebody listens, and not otherwise: one call per node, however many listen.
import { every, type RecurringTask } from '@chatapi/kit';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';
import type { ServerFrames } from '../wire/node-frames.ts';
import { jsonFrame, textFrame } from '../wire/ws-frame.ts';

export interface StaffFeed {
  /** The caller has checked the role. */
  add(c: Connection): void;
  /** Ends it for a user who is staff no more. */
  recheck(userId: string): void;
  close(): Promise<void>;
}

/** Texts of frames, by the admin service. */
interface Feed {
  stats: string;
  news: { id: string; frame: string }[];
  until: string;
}

const EVERY_MS = 2000;
const TIMEOUT_MS = 1900;
/** More than two answers of the admin service may overlap by. */
const REMEMBERED_MS = 60_000;

/** By the role as it is now; bots and keys have no console. */
export function isStaff(node: Pick<Node, 'revocations'>, c: Connection): boolean {
  try {
    const { role, scopes } = node.revocations.admit(c.claims);
    return scopes === undefined && role !== 'user';
  } catch {
    return false;
  }
}

/** Which news were handed on. */
function createMemory(): { isNew(id: string): boolean } {
  const seen = new Map<string, number>();
  return {
    isNew(id) {
      const now = Date.now();
      // In order of time.
      for (const [old, at] of seen) {
        if (now - at < REMEMBERED_MS) break;
        seen.delete(old);
      }
      if (seen.has(id)) return false;
      seen.set(id, now);
      return true;
    },
  };
}

export function createStaffFeed(nodeOf: () => Node): StaffFeed {
  const listeners = new Set<Connection>();
  const memory = createMemory();
  /** undefined: nobody listened. */
  let since: string | undefined;
  let asking: Promise<void> | undefined;

  function prune(node: Node): void {
    for (const c of listeners) {
      if (!c.closed && isStaff(node, c)) continue;
      listeners.delete(c);
      const frame: ServerFrames['staff_ended'] = { type: 'staff_ended', timestamp: new Date().toISOString() };
      if (!c.closed) node.writer.write(c, jsonFrame(frame));
    }
    if (listeners.size === 0) since = undefined;
  }

  /** @param isFirst what is told then is older than the first who listens; it is only remembered. */
  function write(node: Node, { stats, news }: Feed, isFirst: boolean): void {
    const unseen = news.filter(({ id }) => memory.isNew(id));
    const fresh = isFirst ? [] : unseen.map(({ frame }) => textFrame(frame));
    const figures = textFrame(stats);
    for (const c of listeners) {
      for (const frame of fresh) node.writer.write(c, frame);
      // Who reads slowly gets the next figures.
      if (c.lag === undefined) node.writer.write(c, figures);
    }
  }

  async function ask(): Promise<void> {
    const node = nodeOf();
    prune(node);
    if (listeners.size === 0) return;
    const body = since === undefined ? {} : { since };
    const feed = await node.admin.call<Feed>('POST', '/internal/staff-feed', { body, timeoutMs: TIMEOUT_MS });
    prune(node);
    if (listeners.size === 0) return;
    const isFirst = since === undefined;
    since = feed.until;
    write(node, feed, isFirst);
  }

  const failed = (err: Error): void => nodeOf().log.debug({ err: err.message }, 'no news for staff');
  /** Never two at once: the second would hand on older figures. */
  const askOnce = (): Promise<void> => {
    asking ??= ask()
      .catch(failed)
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  const asks: RecurringTask = every(EVERY_MS, askOnce, failed);
  return {
    add(c) {
      listeners.add(c);
      void askOnce();
    },
    recheck(userId) {
      if ([...listeners].some(({ user }) => user.id === userId)) prune(nodeOf());
    },
    close: () => asks.close(),
  };
}
