// The seed's own frame: a message. Neither room nor recipient named: it goes to `general`.
import { AppError, limitExceeded } from '@chatapi/kit';
import Joi from 'joi';
import { dropAnswered, noteAck } from '../acks.ts';
import { sendErrorFrame } from '../errors.ts';
import { kick } from '../feed.ts';
import type { Connection, Node, Send } from '../node.ts';
import { roomEvent } from '../room-event.ts';
import { receive } from '../rooms.ts';
import { type Outcome, SEND_PATIENCE_MS, type SendAnswer } from '../sends.ts';
import { readAgain } from '../throttle.ts';
import { reconcile } from '../users.ts';
import { jsonFrame } from '../ws-frame.ts';
import type { FrameType } from './frame.ts';
import { clientId, roomId } from './shapes.ts';

interface MessageFrame {
  message: string;
  timestamp?: string;
  attachments?: string[];
  chat_id?: string;
  recipient_id?: string;
  client_id?: string;
  reply_to?: string;
}

const WINDOW_S = 60;
const JOIN_PATIENCE_MS = 500;

let made = 0;

/** Makes retries between node and message harmless; message does not show it. Unique over nodes and restarts by `c.id`. */
const nodeMadeId = (c: Connection): string => `node:${c.id}:${(++made).toString(36)}`;

function sendOf(c: Connection, frame: MessageFrame, size: number): Send {
  const { message, attachments, chat_id, recipient_id, client_id, reply_to } = frame;
  const room = recipient_id === undefined ? { chat_id: chat_id ?? 'general' } : { recipient_id };
  const body = {
    ...room,
    content: message,
    ...(attachments === undefined ? {} : { attachments }),
    ...(reply_to === undefined ? {} : { reply_to }),
    client_id: client_id ?? nodeMadeId(c),
  };
  return {
    connection: c,
    client_id: client_id ?? null,
    body,
    request_id: c.id,
    size,
    deadline: Date.now() + SEND_PATIENCE_MS,
    done: false,
  };
}

function take(node: Node, c: Connection, send: Send): void {
  c.sends ??= [];
  c.sends.push(send);
  node.sends.push(send);
}

/** Each use is counted at once, in the order of the frames; what follows of a frame waits for those before it. */
function takeWithinLimit(node: Node, c: Connection, send: Send): void {
  const counted = node.limiter.take(`ws:${c.user.id}`, node.config.RATE_LIMIT_WS_MESSAGES, WINDOW_S);
  const before = c.gate ?? Promise.resolve();
  const gate = before.then(async () => {
    const found = await counted;
    if (c.gate === gate) c.gate = undefined;
    if (c.closed) return;
    if (found.allowed) take(node, c, send);
    else sendErrorFrame(node, c, limitExceeded(found, 'Too many messages'), send.client_id);
  });
  c.gate = gate;
}

export const message: FrameType<MessageFrame> = {
  schema: Joi.object<MessageFrame>({
    message: Joi.string().allow('').required(),
    timestamp: Joi.string().max(64),
    attachments: Joi.array().items(Joi.string().max(80)).max(20),
    chat_id: roomId(),
    recipient_id: Joi.string().max(80),
    client_id: clientId(),
    reply_to: Joi.string().max(80),
  }).oxor('chat_id', 'recipient_id'),
  summary: 'Send a message',
  handle(node, c, frame, size) {
    c.claims = node.revocations.admit(c.claims);
    const send = sendOf(c, frame, size);
    node.config.RATE_LIMIT_WS_MESSAGES === 0 ? take(node, c, send) : takeWithinLimit(node, c, send);
  },
};

interface Answered {
  send: Send;
  answer: SendAnswer;
}

/** Posting to a public room joins it. If the word of that is lost, the room is found by asking. */
function expectMembership(node: Node, c: Connection, room: string): void {
  setTimeout(() => {
    if (!c.closed && !c.user.rooms.has(room)) void reconcile(node, c.user).catch(() => undefined);
  }, JOIN_PATIENCE_MS).unref();
}

function acknowledge(node: Node, { connection: c, client_id }: Send, answer: SendAnswer): void {
  const { message_id, chat_id, seq, created_at } = answer;
  noteAck(c, chat_id, seq);
  node.writer.write(c, jsonFrame({ type: 'ack', client_id, message_id, chat_id, seq, created_at }));
  if (!c.user.rooms.has(chat_id)) expectMembership(node, c, chat_id);
}

/** Their events to everybody here, behind the acks. Of a repeat nothing is known but that the log reaches up to it. */
function handOn(node: Node, answers: Answered[]): void {
  for (const [chat_id, ofRoom] of Map.groupBy(answers, ({ answer }) => answer.chat_id)) {
    const room = node.rooms.get(chat_id);
    if (room === undefined) continue;
    const fresh = ofRoom.filter(({ answer }) => answer.frame !== '');
    const events = fresh.map(({ send: { connection: c }, answer: { seq, frame } }) =>
      roomEvent(seq, c.user.id, c.id, frame),
    );
    receive(node, room, events);
    if (fresh.length < ofRoom.length) node.holes.note(room, Math.max(...ofRoom.map(({ answer }) => answer.seq)));
  }
}

/** Sends have their answers: acks and errors, then their events, then whatever waited for them. */
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
  handOn(node, answers);
  for (const c of new Set(outcomes.map(({ send }) => send.connection))) {
    if (c.closed) continue;
    kick(node, c);
    dropAnswered(c);
    readAgain(c);
  }
}
