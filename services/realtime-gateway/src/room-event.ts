// Owns: a log's record as this node hands it on: one frame for everybody, except that links to files are signed for each reader.
import { bearsFiles } from '@chatapi/kit';
import type { Connection, Node, RoomEvent } from './node.ts';
import { payloadOf, textFrame } from './ws-frame.ts';

export const roomEvent = (seq: number, sender: string, origin: string, frame: Buffer | string): RoomEvent => ({
  seq,
  sender,
  origin,
  frame: textFrame(frame),
  files: bearsFiles(frame),
});

export function writeEvent(node: Pick<Node, 'writer' | 'links'>, c: Connection, { frame, files }: RoomEvent): void {
  node.writer.write(c, files ? textFrame(node.links.signIn(payloadOf(frame).toString(), c.user.id)) : frame);
}
