// The first state of an app on its socket: a page of its rooms, each as of a seq. What comes after
// that seq follows on the connection without a gap, also what it got before the page.
import { AppError } from '@chatapi/kit';
import Joi from 'joi';
import { budgetExceeded } from '../connections/frame-excess.ts';
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import type { StatePage } from '../message-service/members-reader.ts';
import { addFeed, answerResume, pump } from '../rooms/feed.ts';
import type { Connection } from '../state.ts';
import { sendErrorFrame } from '../wire/error-frame.ts';
import { textFrame } from '../wire/ws-frame.ts';
import type { FrameType } from './frame-type.ts';

interface StateFrame {
  type: 'state';
  limit: number;
  cursor?: string;
}

type Presence = Record<string, { status: 'online' | 'offline'; last_seen: string | null }>;

const PRESENCE_MS = 1000;
/** A page costs about as much as this many more frames. */
const COST = 4;
/** Of one connection. */
const MAX_ASKED = 4;

/** @throws AppError RATE_LIMIT_EXCEEDED. */
function takePlace(node: Node, c: Connection): void {
  if (c.statesAsked >= MAX_ASKED)
    throw new AppError('RATE_LIMIT_EXCEEDED', 'Wait for the state frames that you asked for', {
      details: { retry_after_s: 1 },
    });
  const waitMs = node.frameBudget.take(c.user.id, 0, Date.now(), COST);
  if (waitMs > 0) throw budgetExceeded(waitMs);
  c.statesAsked++;
}

/** Without the user service nobody is shown, as if unknown. */
async function presenceOf(node: Node, user_ids: string[]): Promise<Presence> {
  if (user_ids.length === 0) return {};
  try {
    const { presence } = await node.userService.call<{ presence: Presence }>('POST', '/internal/presences', {
      body: { user_ids },
      timeoutMs: PRESENCE_MS,
    });
    return presence;
  } catch (err) {
    node.log.debug({ err: (err as Error).message }, 'a state is sent without presence');
    return {};
  }
}

/** The text of the page is not parsed. */
function frameOf({ body }: StatePage, presence: Presence): Buffer {
  const rest = JSON.stringify({ presence, timestamp: new Date().toISOString() });
  return textFrame(`{"type":"state",${body.slice(1, -1)},${rest.slice(1)}`);
}

/** The user left after the page was read, and the client heard of it before the page. */
function removeAgain(node: Node, c: Connection, chat_id: string): void {
  node.writer.write(
    c,
    textFrame(JSON.stringify({ type: 'room_removed', chat_id, timestamp: new Date().toISOString() })),
  );
}

/** What the connection has got after `seq` comes again. */
function continueFrom(node: Node, c: Connection, id: string, seq: number): void {
  const room = c.user.rooms.get(id)?.room;
  if (room === undefined && (c.user.leftAt?.get(id) ?? -1) >= seq) removeAgain(node, c, id);
  // Of a membership that this node does not know yet, all events come when it does.
  if (room === undefined || !isWithinToken(c, id)) return;
  const feed = c.feeds?.get(id);
  if ((feed?.at ?? room.position) <= seq) return;
  if (feed?.resume !== undefined) answerResume(node, c, feed, feed.resume, true);
  void pump(node, c, addFeed(c, { room: id, at: seq, began: room.position }));
}

async function sendState(node: Node, c: Connection, { limit, cursor }: StateFrame): Promise<void> {
  const { rooms } = c.claims;
  const page = await node.members.stateOf({
    user_id: c.user.id,
    limit,
    ...(rooms === undefined ? {} : { rooms }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const presence = await presenceOf(node, page.peers);
  if (c.closed) return;
  node.writer.write(c, frameOf(page, presence));
  for (const [id, seq] of page.heads) continueFrom(node, c, id, seq);
}

export const state: FrameType<StateFrame> = {
  schema: Joi.object<StateFrame>({
    type: Joi.string().valid('state').required(),
    limit: Joi.number().integer().min(1).max(200).default(100),
    cursor: Joi.string().max(400).description('`next_cursor` of the page before'),
  }),
  summary: 'Ask for the rooms of the user, latest activity first, with people and presence',
  scope: 'rooms:read',
  handle(node, c, frame) {
    takePlace(node, c);
    void sendState(node, c, frame)
      .catch((error) => {
        if (!c.closed) sendErrorFrame(node, c, error);
      })
      .finally(() => c.statesAsked--);
  },
};
