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
  { frame, files }: RoomEvent,
): void {
  node.writer.write(c, files ? textFrame(node.fileLinks.signIn(payloadOf(frame).toString(), c.user.id)) : frame);
}
