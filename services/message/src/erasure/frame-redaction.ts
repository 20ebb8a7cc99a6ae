// Redaction of stored frames: seq, type and ids stay.
import type { Custom } from '@chatapi/kit';
import { withCustom } from '../log/frame-text.ts';
import { withoutText } from '../log/removed-text.ts';
import type { LoggedFrame } from './erasure-store.ts';

type Frame = Record<string, unknown> & { type: string };

const withoutEmoji = ({ count: _, ...frame }: Frame): Frame => ({ ...frame, emoji: '', action: 'removed' });

/** A `reaction` without an emoji removes all reactions of that user from that message. */
function redact({ client_id: _, ...frame }: Frame, settled: boolean): Frame {
  if (frame.type === 'message' || frame.type === 'message_updated') return withoutText(frame);
  // Recent frames may not have reached all clients, which need the emoji of a removed reaction.
  if (frame.type === 'reaction') return settled ? withoutEmoji(frame) : frame;
  if (frame.type !== 'room_updated') return frame;
  const { name, topic } = frame;
  return { ...frame, ...(name === undefined ? {} : { name: null }), ...(topic === undefined ? {} : { topic: null }) };
}

/** @returns the changed frames. */
export const redactFrames = (frames: LoggedFrame[]): { seq: number; frame: string }[] =>
  frames.flatMap(({ seq, frame, settled }) => {
    const blanked = JSON.stringify(redact(JSON.parse(frame) as Frame, settled));
    return blanked === frame ? [] : [{ seq, frame: blanked }];
  });

export const withoutFile = (frame: string, fileId: string): string => {
  const { custom, ...parsed } = JSON.parse(frame) as Frame & { attachments?: { id: string }[]; custom?: Custom };
  if (parsed.attachments === undefined) return frame;
  return withCustom({ ...parsed, attachments: parsed.attachments.filter(({ id }) => id !== fileId) }, custom);
};
