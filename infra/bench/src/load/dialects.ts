// The socket protocol of each system. Parses frames as little as possible, so that the generator is
// not what is measured.
import type { DialectName } from '../workload.ts';

export interface Outgoing {
  message: string;
  chat_id?: string;
  recipient_id?: string;
}

export interface Dialect {
  address(node: string, token: string): string;
  /**
   * The client's reply to a frame before it is live; `live` when it is. `last`: the position to
   * continue from.
   */
  greet(frame: Buffer, token: string, last: string | undefined): { say?: string; live?: boolean };
  /** The frame that requests missed messages of the room, once live. */
  resume?(room: string, last: string): string;
  encode(outgoing: Outgoing): string;
  /** Whether a frame contains messages; acks and notices are ignored. */
  bearsMessages(frame: Buffer): boolean;
  /** The reply to an application-level ping. */
  pong?(frame: Buffer): string | undefined;
  /** Matches the position in a message frame. */
  position?: RegExp;
}

const webSocket = (node: string): string => node.replace(/^http/, 'ws');
const MESSAGE = Buffer.from('"type":"message"');

const bare: Dialect = {
  address: (node, token) => `${webSocket(node)}/ws/me?token=${token}`,
  greet: () => ({ live: true }),
  encode: (outgoing) => JSON.stringify(outgoing),
  bearsMessages: (frame) => frame.subarray(0, 40).includes(MESSAGE),
};

const chatapi: Dialect = {
  ...bare,
  resume: (room, last) => JSON.stringify({ type: 'resume', rooms: { [room]: Number(last) } }),
  position: /"seq":(\d+)/,
};

let acks = 0;
/** Engine.IO's open is `0`, ping `2`, pong `3`; Socket.IO's connect `40`, event `42`, ack `43`. */
const socketIo: Dialect = {
  address: (node) => `${webSocket(node)}/socket.io/?EIO=4&transport=websocket`,
  greet: (frame, token, last) =>
    frame[0] === 0x30 ? { say: `40${JSON.stringify({ token, last })}` } : { live: frame[1] === 0x30 },
  encode: (outgoing) => `42${acks++}${JSON.stringify(['message', outgoing])}`,
  bearsMessages: (frame) => frame[1] === 0x32 || frame[1] === 0x33,
  pong: (frame) => (frame.length === 1 && frame[0] === 0x32 ? '3' : undefined),
  position: /"id":"(\d+)"/,
};

export const DIALECTS: Record<DialectName, Dialect> = { chatapi, bare, 'socket.io': socketIo };
