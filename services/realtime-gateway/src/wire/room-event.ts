// An event as this node delivers it: the same frame for all, but file links are signed per reader.
import { bearsFiles, type FileLinks } from '@chatapi/kit/auth';
import type { Connection, RoomEvent } from '../state.ts';
import type { Writer } from './writer.ts';
import { payloadOf, textFrame } from './ws-frame.ts';

export const roomEvent = (seq: number, sender: string, origin: string, frame: Buffer | string): RoomEvent => ({
  seq,
  sender,
  origin,
  frame: textFrame(frame),
  files: bearsFiles(frame),
});

export function writeEvent(
  node: { writer: Writer; fileLinks: FileLinks },
  c: Connection,
  room: string,
  { seq, frame, files }: RoomEvent,
): void {
  if (!files && c.stream === undefined) {
    node.writer.write(c, frame);
    return;
  }
  const json = files ? node.fileLinks.signIn(payloadOf(frame).toString(), c.user.id) : payloadOf(frame);
  node.writer.write(c, c.stream === undefined ? textFrame(json) : c.stream.event(room, seq, json));
}
