// Owns: what stays of a logged frame when its author, or a file that it bears, is erased: its place, its kind and ids.
import type { LoggedFrame } from './erasure-store.ts';

type Frame = Record<string, unknown> & { type: string };

const BLANKED = { content: '', attachments: [], mentions: [] };

/** A `reaction` without emoji takes back all of that user's on that message. */
function blank({ client_id: _, ...frame }: Frame, settled: boolean): Frame {
  if (frame.type === 'message' || frame.type === 'message_updated') return { ...frame, ...BLANKED, is_deleted: true };
  // One that is just being told must still say to connected clients which reaction goes.
  if (frame.type === 'reaction') return settled ? { ...frame, emoji: '', action: 'removed' } : frame;
  if (frame.type !== 'room_updated') return frame;
  const { name, topic } = frame;
  return { ...frame, ...(name === undefined ? {} : { name: null }), ...(topic === undefined ? {} : { topic: null }) };
}

/** Those that change by it. */
export const blankFrames = (frames: LoggedFrame[]): { seq: number; frame: string }[] =>
  frames.flatMap(({ seq, frame, settled }) => {
    const blanked = JSON.stringify(blank(JSON.parse(frame) as Frame, settled));
    return blanked === frame ? [] : [{ seq, frame: blanked }];
  });

export const withoutFile = (frame: string, fileId: string): string => {
  const parsed = JSON.parse(frame) as Frame & { attachments?: { id: string }[] };
  if (parsed.attachments === undefined) return frame;
  return JSON.stringify({ ...parsed, attachments: parsed.attachments.filter(({ id }) => id !== fileId) });
};
