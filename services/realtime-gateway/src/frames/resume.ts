import Joi from 'joi';
import { addFeed, answerResume, pump } from '../feed.ts';
import type { Connection, Node, Resume } from '../node.ts';
import { jsonFrame } from '../ws-frame.ts';
import type { FrameType } from './frame.ts';
import { roomId, seq } from './shapes.ts';

interface ResumeFrame {
  type: 'resume';
  rooms: Record<string, number>;
}

const MOST_ROOMS = 2000;

/** From now on this room's live frames wait for the replay. A resume of the same room that still runs ends where it is. */
function begin(node: Node, c: Connection, resume: Resume, id: string, from: number): void {
  const running = c.feeds?.get(id);
  if (running?.resume !== undefined) answerResume(node, c, running, running.resume, true);
  const room = c.user.rooms.get(id)?.room;
  void pump(
    node,
    c,
    addFeed(c, { room: id, at: from, began: running?.at ?? room?.position ?? -1, guest: room === undefined, resume }),
  );
}

export const resume: FrameType<ResumeFrame> = {
  schema: Joi.object<ResumeFrame>({
    type: Joi.string().valid('resume').required(),
    rooms: Joi.object().pattern(roomId(), seq()).max(MOST_ROOMS).required(),
  }),
  summary: 'Replay what I missed: the last seq that I applied, by room',
  handle(node, c, { rooms }) {
    const wanted = Object.entries(rooms);
    const job: Resume = { left: wanted.length, rooms: {} };
    if (wanted.length === 0) node.writer.write(c, jsonFrame({ type: 'resumed', rooms: {} }));
    for (const [id, from] of wanted) job.rooms[id] = { from, to: from, complete: false };
    for (const [id, from] of wanted) begin(node, c, job, id, from);
  },
};
