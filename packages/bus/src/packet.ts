// Wire format of signals to realtime nodes: two lines per record, a JSON array and the frame.
// Nodes parse only the first; older versions ignore elements that they do not know. JSON text
// contains no raw line feed, so nothing is escaped. The first record is the signature of the rest.
// To nodes of the release before, it is a notice to nobody.

/**
 * - `event`: durable; `topic` is `r:<room>`, `seq` is the seq in the room's log.
 * - `notice`: ephemeral (typing, status); without a seq, may be lost.
 * - `everyone`: ephemeral, to every connection of the node; topic and room are ''.
 * - `joined` / `left`: `topic` is `u:<user>`; the user's connections enter or leave `room`;
 *   `seq` is that of the membership event.
 */
type RecordKind = 'event' | 'notice' | 'everyone' | 'joined' | 'left';

export interface PacketRecord {
  kind: RecordKind;
  /** `r:<room id>` or `u:<user id>`. */
  topic: string;
  /** Room of the event; '' for a notice to a user. */
  room: string;
  /** 0 for notices. */
  seq: number;
  /** User who caused it; '' for none. */
  sender: string;
  /** Connection that sent it; '' for REST. */
  origin: string;
  /** JSON text for the client; '' when clients get none. */
  frame: string;
  /** When it was committed, in ms since 1970, for metrics; absent when nobody knows. */
  committedAt?: number;
}

export type ReceivedRecord = Omit<PacketRecord, 'frame'> & { frame: Buffer };

export const encodeRecord = (r: PacketRecord): string =>
  `${JSON.stringify([r.kind, r.topic, r.room, r.seq, r.sender, r.origin, r.committedAt])}\n${r.frame}\n`;

const LF = 10;

export function decodePacket(packet: Buffer): ReceivedRecord[] {
  const records: ReceivedRecord[] = [];
  for (let at = 0; at < packet.length; ) {
    const headerEnd = packet.indexOf(LF, at);
    const frameEnd = packet.indexOf(LF, headerEnd + 1);
    const [kind, topic, room, seq, sender, origin, committedAt] = JSON.parse(
      packet.toString('latin1', at, headerEnd),
    ) as [RecordKind, string, string, number, string, string, (number | null)?];
    const frame = packet.subarray(headerEnd + 1, frameEnd);
    records.push({ kind, topic, room, seq, sender, origin, frame, committedAt: committedAt ?? undefined });
    at = frameEnd + 1;
  }
  return records;
}

const SIGNATURE = Buffer.from('["notice","~","",0,"');
const SIGNATURE_END = '",""]\n\n';

/** @param head names the sending process. Neither it nor `mac` has a quote. */
export const encodeSignature = (head: string, mac: string): string => `${SIGNATURE}${head} ${mac}${SIGNATURE_END}`;

export interface Signature {
  head: string;
  mac: string;
  /** What is signed. */
  records: Buffer;
}

/** @returns undefined for a packet that is not signed. */
export function readSignature(packet: Buffer): Signature | undefined {
  if (!packet.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return undefined;
  const end = packet.indexOf(SIGNATURE_END, SIGNATURE.length);
  const text = packet.toString('latin1', SIGNATURE.length, end);
  const cut = text.lastIndexOf(' ');
  return {
    head: text.slice(0, cut),
    mac: text.slice(cut + 1),
    records: end < 0 ? Buffer.alloc(0) : packet.subarray(end + SIGNATURE_END.length),
  };
}

export const roomTopic = (roomId: string): string => `r:${roomId}`;
export const userTopic = (userId: string): string => `u:${userId}`;
