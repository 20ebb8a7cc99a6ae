// What a node believes of a signal: it was signed for this node, by a service that may send such
// records, and was not received before.
import { isSignedBy, SERVICES, type ServiceKeys, type ServiceName } from '@chatapi/kit/auth';
import { LRUCache } from 'lru-cache';
import { decodePacket, type ReceivedRecord, readSignature } from './packet.ts';

type Kind = ReceivedRecord['kind'];

/** Who may send what. */
const KINDS: Partial<Record<ServiceName, readonly Kind[]>> = {
  message: ['event', 'notice', 'joined', 'left'],
  'realtime-gateway': ['notice'],
  admin: ['everyone'],
};
const MAX_PROCESSES = 1000;

/** Processes of the release before do not sign. */
function decodeUnsigned(packet: Buffer): ReceivedRecord[] | undefined {
  try {
    return decodePacket(packet);
  } catch {
    return undefined;
  }
}

export interface SignalCheck {
  /** @returns the records of a packet; undefined if the packet must be ignored. */
  open(packet: Buffer): ReceivedRecord[] | undefined;
}

/**
 * @param keys of the realtime nodes.
 * @param node id of this node, which no other process has or had.
 */
export function createSignalCheck(keys: ServiceKeys, node: string): SignalCheck {
  /** The last signal of each sending process. They are numbered, and Redis keeps their order. */
  const last = new LRUCache<string, number>({ max: MAX_PROCESSES });

  function isFresh(process: string, count: number): boolean {
    if (count <= (last.get(process) ?? 0)) return false;
    last.set(process, count);
    return true;
  }

  return {
    open(packet) {
      const signature = readSignature(packet);
      if (signature === undefined) return keys.legacy === undefined ? undefined : decodeUnsigned(packet);
      const { head, mac, records } = signature;
      const [name, process = '', count] = head.split(' ');
      const sender = SERVICES.find((service) => service === name);
      if (sender === undefined || !isSignedBy(keys, 'signal', sender, mac, `${node} ${head}\n`, records))
        return undefined;
      if (!isFresh(`${sender} ${process}`, Number(count))) return undefined;
      return decodePacket(records).filter(({ kind }) => KINDS[sender]?.includes(kind));
    },
  };
}
