import { roomId } from '@chatapi/kit';
import Joi from 'joi';
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import { addFeed, answerResume, pump } from '../rooms/feed.ts';
import type { Connection, Resume } from '../state.ts';
import { jsonFrame } from '../wire/ws-frame.ts';
import { seq } from './fields.ts';
import type { FrameType } from './frame-type.ts';

interface ResumeFrame {
  type: 'resume';
  rooms: Record<string, number>;
}

const MAX_ROOMS = 2000;
/**
 * Per connection: rooms of which the user is no member, whose rights the message service checks.
 */
const MAX_GUEST_ROOMS = 200;

const guestsOf = ({ feeds }: Connection): number =>
  feeds === undefined ? 0 : [...feeds.values()].filter(({ guest }) => guest).length;

/** Holds the room's live frames during the replay. Ends a running resume of the same room. */
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
    rooms: Joi.object().pattern(roomId(), seq()).max(MAX_ROOMS).required(),
  }),
  summary: 'Replay missed events: the last seq that the client applied, by room',
  handle(node, c, { rooms }) {
    const wanted = Object.entries(rooms);
    const state: Resume = { left: 0, rooms: {} };
    for (const [id, from] of wanted) state.rooms[id] = { from, to: from, complete: false };
    let guests = guestsOf(c);
    const served = wanted.filter(
      ([id]) => isWithinToken(c, id) && (c.user.rooms.has(id) || ++guests <= MAX_GUEST_ROOMS),
    );
    state.left = served.length;
    // The rest is answered as incomplete: clients read the history of such public rooms by REST.
    if (served.length === 0) node.writer.write(c, jsonFrame({ type: 'resumed', rooms: state.rooms }));
    for (const [id, from] of served) begin(node, c, state, id, from);
  },
};
