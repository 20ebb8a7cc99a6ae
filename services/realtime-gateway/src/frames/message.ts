// The message frame. Without a room or a recipient the message goes to `general`.
import { AppError, boundedList, type Custom, directRoomId, idOf, newCustom, notFound, roomId } from '@chatapi/kit';
import { limitExceeded } from '@chatapi/kit/auth';
import Joi from 'joi';
import { isWithinToken } from '../connections/token-rooms.ts';
import type { Node } from '../context.ts';
import { MAX_SEND_MS, type Outcome, type SendAnswer } from '../message-service/send-queue.ts';
import { kick } from '../rooms/feed.ts';
import { receive } from '../rooms/rooms.ts';
import type { Connection, Send } from '../state.ts';
import { compareVersions } from '../users/removed-members.ts';
import { reconcile } from '../users/users.ts';
import { dropAnswered, noteAck } from '../wire/acks.ts';
import { sendErrorFrame } from '../wire/error-frame.ts';
import { resumeReading } from '../wire/pause-reading.ts';
import { roomEvent } from '../wire/room-event.ts';
import { jsonFrame } from '../wire/ws-frame.ts';
import { clientId } from './fields.ts';
import type { FrameType } from './frame-type.ts';

interface MessageFrame {
  message: string;
  timestamp?: string;
  attachments?: string[];
  chat_id?: string;
  recipient_id?: string;
  client_id?: string;
  reply_to?: string;
  custom?: Custom;
}

const WINDOW_S = 60;
const JOIN_WAIT_MS = 500;

/**
 * A client_id for retries to the message service, which does not show it to clients. `c.id` makes
 * it unique over nodes and restarts.
 */
const makeClientId = ({ serials }: Node, c: Connection): string => `node:${c.id}:${(++serials.clientIds).toString(36)}`;

function sendOf(node: Node, c: Connection, frame: MessageFrame, size: number): Send {
  const { message, attachments, chat_id, recipient_id, client_id, reply_to, custom } = frame;
  const room = recipient_id === undefined ? { chat_id: chat_id ?? 'general' } : { recipient_id };
  const body = {
    ...room,
    content: message,
    ...(attachments === undefined ? {} : { attachments }),
    ...(reply_to === undefined ? {} : { reply_to }),
    ...(custom === undefined ? {} : { custom }),
    client_id: client_id ?? makeClientId(node, c),
  };
  return {
    connection: c,
    client_id: client_id ?? null,
    body,
    request_id: c.id,
    size,
    deadline: Date.now() + MAX_SEND_MS,
    done: false,
  };
}

/** @throws AppError RESOURCE_NOT_FOUND */
function requireRoomWithin(c: Connection, { chat_id = 'general', recipient_id }: MessageFrame): void {
  const room = recipient_id === undefined ? chat_id : directRoomId(c.user.id, recipient_id);
  if (!isWithinToken(c, room)) throw notFound('Room');
}

function enqueue(node: Node, c: Connection, send: Send): void {
  c.sends ??= [];
  c.sends.push(send);
  node.sends.push(send);
}

/** Counts at once, in the order of the frames; each send then waits for the ones before it. */
function enqueueWithinLimit(node: Node, c: Connection, send: Send): void {
  const counted = node.limiter.take(`ws:${c.user.id}`, node.config.RATE_LIMIT_WS_MESSAGES, WINDOW_S);
  const before = c.sendGate ?? Promise.resolve();
  const gate = before.then(async () => {
    const result = await counted;
    if (c.sendGate === gate) c.sendGate = undefined;
    if (c.closed) return;
    if (result.allowed) enqueue(node, c, send);
    else sendErrorFrame(node, c, limitExceeded(result, 'Too many messages'), send.client_id);
  });
  c.sendGate = gate;
}

export const message: FrameType<MessageFrame> = {
  schema: Joi.object<MessageFrame>({
    message: Joi.string().allow('').required(),
    // Accepted for old clients and ignored: the server sets the time.
    timestamp: Joi.string().max(64),
    attachments: boundedList(20, idOf('file')),
    chat_id: roomId(),
    recipient_id: idOf('usr'),
    client_id: clientId(),
    reply_to: idOf('msg'),
    custom: newCustom(),
  }).oxor('chat_id', 'recipient_id'),
  summary: 'Send a message',
  scope: 'messages:write',
  handle(node, c, frame, size) {
    c.claims = node.revocations.admit(c.claims);
    requireRoomWithin(c, frame);
    const send = sendOf(node, c, frame, size);
    node.config.RATE_LIMIT_WS_MESSAGES === 0 ? enqueue(node, c, send) : enqueueWithinLimit(node, c, send);
  },
};

interface Answered {
  send: Send;
  answer: SendAnswer;
}

/** Posting to a public room joins it. If that signal is lost, the user's rooms are fetched. */
function expectMembership(node: Node, c: Connection, room: string): void {
  setTimeout(() => {
    if (!c.closed && !c.user.rooms.has(room)) void reconcile(node, c.user).catch(() => undefined);
  }, JOIN_WAIT_MS).unref();
}

function acknowledge(node: Node, { connection: c, client_id }: Send, answer: SendAnswer): void {
  const { message_id, chat_id, seq, created_at } = answer;
  noteAck(c, chat_id, seq);
  node.writer.write(c, jsonFrame({ type: 'ack', client_id, message_id, chat_id, seq, created_at }));
  if (!c.user.rooms.has(chat_id)) expectMembership(node, c, chat_id);
}

/** Delivers the events on this node, after the acks. A repeat has only a seq, no frame. */
function deliverEvents(node: Node, answers: Answered[]): void {
  for (const [chat_id, ofRoom] of Map.groupBy(answers, ({ answer }) => answer.chat_id)) {
    const room = node.rooms.get(chat_id);
    if (room === undefined) continue;
    const fresh = ofRoom.filter(({ answer }) => answer.frame !== '');
    const events = fresh.map(({ send: { connection: c }, answer: { seq, frame } }) =>
      roomEvent(seq, c.user.id, c.id, frame),
    );
    receive(node, room, events);
    const version = Math.max(...ofRoom.map(({ answer }) => answer.version ?? 0));
    if (version > (room.version ?? version)) void compareVersions(node, [{ room, version }]).catch(() => undefined);
    if (fresh.length < ofRoom.length) node.gaps.noteHead(room, Math.max(...ofRoom.map(({ answer }) => answer.seq)));
  }
}

/** Writes acks and errors, then the events, then what waited for them. */
export function answerSends(node: Node, outcomes: Outcome[]): void {
  const answers: Answered[] = [];
  for (const { send, answer } of outcomes) {
    send.done = true;
    if (answer instanceof AppError) sendErrorFrame(node, send.connection, answer, send.client_id);
    else {
      if (!send.connection.closed) acknowledge(node, send, answer);
      answers.push({ send, answer });
    }
  }
  deliverEvents(node, answers);
  for (const c of new Set(outcomes.map(({ send }) => send.connection))) {
    if (c.closed) continue;
    kick(node, c);
    dropAnswered(c);
    resumeReading(c);
  }
}
