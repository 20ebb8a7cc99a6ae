// The node's Redis subscription, and whether it works. A frozen connection emits no event, so the
// node publishes to itself every second; without its own signals it counts as lost, and heads are
// polled.
import { nodeChannel, REVOCATIONS_CHANNEL } from '@chatapi/bus';
import { every } from '@chatapi/kit';
import { openSubscriber, type Redis } from '@chatapi/kit/data';
import type { Node, Subscription } from '../context.ts';
import { handlePacket } from './record-handlers.ts';

const CHECK_MS = 1000;
/** Silence after which heads are polled. */
const SILENT_MS = 2500;
/** Silence after which the connection is replaced. */
const DEAD_MS = 5000;

/** @param onLive called when signals start to arrive: earlier ones may be lost. */
export function openSubscription(node: Node, onLive: () => void): Subscription {
  const own = nodeChannel(node.id);
  const subscriber: Redis = openSubscriber(node.config.REDIS_URL, node.log);
  let receivedAt = 0;
  let reconnectedAt = Date.now();

  subscriber.on('messageBuffer', (channel: Buffer, packet: Buffer) => {
    receivedAt = Date.now();
    if (channel.toString() === REVOCATIONS_CHANNEL) {
      node.revocations.lookNow();
      return;
    }
    handlePacket(node, packet);
    if (packet.length > 0 || node.link.live) return;
    // Our own message has arrived, which proves more than the client's 'ready' event.
    node.link.live = true;
    onLive();
  });
  subscriber.on('close', () => {
    node.link.live = false;
  });
  subscriber.subscribe(own, REVOCATIONS_CHANNEL).catch(() => undefined); // ioredis retries for ever

  const check = async (): Promise<void> => {
    const silent = Date.now() - receivedAt;
    if (silent > SILENT_MS) node.link.live = false;
    if (silent > DEAD_MS && Date.now() - reconnectedAt > DEAD_MS) {
      reconnectedAt = Date.now();
      subscriber.disconnect(true);
    }
    // Not awaited: a failure shows as silence.
    node.redis.publish(own, '').catch(() => undefined);
  };
  subscriber.on('ready', () => setImmediate(() => void check()));
  const checks = every(CHECK_MS, check, (err) => node.log.debug({ err: err.message }, 'the subscription check failed'));
  return {
    async close() {
      await checks.close();
      subscriber.disconnect();
    },
  };
}
