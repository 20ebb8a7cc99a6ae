// Owns: the one subscription of this node, and knowing whether it is alive. A frozen link gives no event at all, so the node
// publishes to itself every second; silence means that signals are lost, and the heads are polled until it is over.
import { nodeChannel, REVOCATIONS_CHANNEL, type Revocation } from '@chatapi/bus';
import { every, openSubscriber, type Redis } from '@chatapi/kit';
import type { Node } from './node.ts';
import { takePacket } from './signals.ts';

export interface Subscription {
  close(): Promise<void>;
}

const BEAT_MS = 1000;
/** After this without a word the heads are polled. */
const SILENT_MS = 2500;
/** After this the connection is made anew. */
const DEAD_MS = 5000;

function takeRevocations(node: Node, text: string): void {
  try {
    node.revocations.apply(JSON.parse(text) as Revocation[]);
  } catch (err) {
    node.log.warn({ err: (err as Error).message }, 'a signal of revocations could not be read');
  }
}

/** `onLive`: signals arrive again (or for the first time); whatever was said before may be lost. */
export function openSubscription(node: Node, onLive: () => void): Subscription {
  const own = nodeChannel(node.id);
  const subscriber: Redis = openSubscriber(node.config.REDIS_URL, node.log);
  let heard = 0;
  let tried = Date.now();

  subscriber.on('messageBuffer', (channel: Buffer, packet: Buffer) => {
    heard = Date.now();
    if (channel.toString() === REVOCATIONS_CHANNEL) {
      takeRevocations(node, packet.toString());
      return;
    }
    takePacket(node, packet);
    if (packet.length > 0 || node.link.live) return;
    // The own beat has come round: the subscription stands, as 'ready' alone would not say.
    node.link.live = true;
    onLive();
  });
  subscriber.on('close', () => {
    node.link.live = false;
  });
  subscriber.subscribe(own, REVOCATIONS_CHANNEL).catch(() => undefined); // goes on for ever by itself

  const beat = async (): Promise<void> => {
    const silent = Date.now() - heard;
    if (silent > SILENT_MS) node.link.live = false;
    if (silent > DEAD_MS && Date.now() - tried > DEAD_MS) {
      tried = Date.now();
      subscriber.disconnect(true);
    }
    // Not waited for: silence is what tells.
    node.redis.publish(own, '').catch(() => undefined);
  };
  subscriber.on('ready', () => setImmediate(() => void beat()));
  const beats = every(BEAT_MS, beat, (err) => node.log.debug({ err: err.message }, 'beating'));
  return {
    async close() {
      await beats.close();
      subscriber.disconnect();
    },
  };
}
