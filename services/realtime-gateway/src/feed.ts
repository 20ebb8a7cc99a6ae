// Owns: what one connection gets of one room while live frames must wait: a resume, a slow reader, an ack still to come.
// Guarantee: from where the feed begins to where it joins the live frames, each seq once and in order.
// Memory is bounded: held frames by HELD_*, everything else is read from the log when there is room for it.
import { setTimeout as sleep } from 'node:timers/promises';
import { isHeldUp, mayBeOwn, unansweredFor } from './acks.ts';
import type { Page } from './log-reader.ts';
import type { Connection, Feed, Node, Resume, Room, RoomEvent } from './node.ts';
import { writeEvent } from './room-event.ts';
import { readAgain } from './throttle.ts';
import { HIGH_WATER, unsent } from './writer.ts';
import { jsonFrame } from './ws-frame.ts';

const PAGE = 100;
const HELD_FRAMES = 256;
const HELD_BYTES = 256 * 1024;
const RETRY_MS = 500;
const BEHIND_MS = 20;
const MOST_SERVED = 2000;
const NOTHING = Buffer.alloc(0);

export interface FeedStart {
  room: string;
  at: number;
  began: number;
  guest?: boolean;
  resume?: Resume;
  /** Holds live frames instead of reading the log. */
  hold?: boolean;
}

export function addFeed(c: Connection, { room, at, began, guest = false, resume, hold = false }: FeedStart): Feed {
  const held = hold ? [] : undefined;
  const feed: Feed = {
    room,
    at,
    began,
    guest,
    held,
    heldBytes: 0,
    block: undefined,
    cleared: 0,
    goal: -1,
    reading: false,
    resume,
  };
  c.feeds ??= new Map();
  c.feeds.set(room, feed);
  return feed;
}

/** Word of a membership may come after the log has already shown it. Bounded: who resumes that many rooms gets one twice at worst. */
function noteServed(c: Connection, { room, at }: Feed): void {
  c.served ??= new Map();
  if (c.served.size >= MOST_SERVED) c.served.clear();
  c.served.set(room, at);
}

function endFeed(node: Node, c: Connection, feed: Feed, complete = true): void {
  c.feeds?.delete(feed.room);
  if (c.feeds?.size === 0) c.feeds = undefined;
  if (feed.guest && complete) noteServed(c, feed);
  if (feed.resume !== undefined) answerResume(node, c, feed, feed.resume, complete);
}

/** Notes how a resume of one room ended, and tells the client when it was the last. */
export function answerResume(node: Node, c: Connection, feed: Feed, resume: Resume, complete: boolean): void {
  const entry = resume.rooms[feed.room];
  feed.resume = undefined;
  if (entry === undefined) return;
  entry.to = complete ? feed.at : Math.max(feed.began, 0);
  entry.complete = complete;
  node.figures.resumed(complete);
  if (--resume.left === 0) node.writer.write(c, jsonFrame({ type: 'resumed', rooms: resume.rooms }));
}

/** Marks a connection as lagging; what it misses is read from the log when it has drained. */
export function markLagging(node: Node, c: Connection): void {
  if (c.lag !== undefined) return;
  c.lag = { since: Date.now(), unsent: Number.POSITIVE_INFINITY };
  node.lagging.add(c);
  // Not the 'drain' event: a write that the kernel takes whole at once never emits it. An empty write ends after all before it.
  node.writer.flush(c);
  c.socket.write(NOTHING, () => drained(node, c));
}

/** Also called every second, so that nobody waits for an event that came too early. */
export function drained(node: Node, c: Connection): void {
  if (c.lag === undefined || unsent(c) > HIGH_WATER / 4) return;
  c.lag = undefined;
  c.laggedAt = Date.now();
  node.lagging.delete(c);
  readAgain(c);
  kick(node, c);
}

/** Live frame for a connection that has a feed in this room. */
export function feedLive(node: Node, c: Connection, feed: Feed, event: RoomEvent): void {
  if (feed.held === undefined) return;
  if (feed.held.length >= HELD_FRAMES || feed.heldBytes > HELD_BYTES) {
    feed.held = undefined;
    feed.heldBytes = 0;
    void pump(node, c, feed);
    return;
  }
  const after = mayBeOwn(c, event) ? unansweredFor(c, feed.room, event.seq) : undefined;
  feed.held.push({ event, after });
  feed.heldBytes += event.frame.length;
}

/** Writes held frames up to the first whose ack is still to come. */
function releaseHeld(node: Node, c: Connection, feed: Feed, held: NonNullable<Feed['held']>): void {
  while (held.length > 0) {
    const { event, after } = held[0] as (typeof held)[number];
    if (isHeldUp(c, feed.room, event.seq, after)) return;
    held.shift();
    feed.heldBytes -= event.frame.length;
    writeEvent(node, c, event);
    feed.at = event.seq;
  }
  endFeed(node, c, feed);
}

/** Looks at all feeds of a connection again: an ack was written, it drained, or a read failed before. */
export function kick(node: Node, c: Connection): void {
  for (const feed of c.feeds?.values() ?? []) {
    if (feed.held !== undefined) releaseHeld(node, c, feed, feed.held);
    else void pump(node, c, feed);
  }
}

const isLiveIn = (room: Room | undefined, c: Connection, feed: Feed): room is Room =>
  room !== undefined && !feed.guest && room.users.has(c.user);

/** Whether this event of the log must wait for acks; events up to `cleared` have waited. */
function waitsForAck(c: Connection, feed: Feed, event: RoomEvent): boolean {
  if (!mayBeOwn(c, event) || event.seq <= feed.cleared) return false;
  const after = unansweredFor(c, feed.room, event.seq);
  if (after === undefined) return false;
  feed.block = { seq: event.seq, after };
  return true;
}

/** @returns false when the rest of the page must wait (ack, slow reader, or the node itself has not come that far). */
function writePage(node: Node, c: Connection, feed: Feed, events: RoomEvent[], limit: number): boolean {
  for (const event of events) {
    if (event.seq <= feed.at) continue;
    if (event.seq > limit) return true;
    if (waitsForAck(c, feed, event)) return false;
    if (unsent(c) > HIGH_WATER) {
      markLagging(node, c);
      return false;
    }
    writeEvent(node, c, event);
    feed.at = event.seq;
  }
  return true;
}

/** Only the page at the place that the client asked for decides whether the log can serve it. */
function cannotResume({ resume, room, at }: Feed, { first_seq, last_seq }: Page): boolean {
  return resume !== undefined && at === resume.rooms[room]?.from && (at > last_seq || at < first_seq - 1);
}

/** `behind`: the node itself has not come as far as this client was promised. */
type Step = 'again' | 'behind' | 'wait' | 'ended';

function takePage(node: Node, c: Connection, feed: Feed, page: Page): Step {
  const room = node.rooms.get(feed.room);
  const live = isLiveIn(room, c, feed);
  if (!page.readable || (feed.guest && cannotResume(feed, page))) {
    endFeed(node, c, feed, false);
    return 'ended';
  }
  if (cannotResume(feed, page)) {
    // The answer says so; live frames go on where they stood, with whatever came meanwhile.
    answerResume(node, c, feed, feed.resume as Resume, false);
    feed.at = feed.began;
    return joinLive(node, c, feed, room);
  }
  if (feed.at < page.first_seq - 1) feed.at = page.first_seq - 1; // the log no longer reaches back that far
  const done = writePage(node, c, feed, page.events, live ? room.position : page.last_seq);
  if (live) node.positions.fed(feed.room, c.user.id, feed.at);
  if (!done) return 'wait';
  if (!live) {
    if (feed.at < page.last_seq && page.events.length > 0) return 'again';
    endFeed(node, c, feed);
    return 'ended';
  }
  if (page.last_seq > room.position) node.holes.note(room, page.last_seq);
  if (feed.resume !== undefined && feed.goal < 0) feed.goal = page.last_seq;
  // A replay as a guest may be further than the node was told: live frames must not go back behind it.
  if (room.position < Math.max(feed.goal, feed.at)) return 'behind';
  if (page.events.length === 0) feed.at = Math.max(feed.at, Math.min(page.last_seq, room.position));
  return joinLive(node, c, feed, room);
}

function joinLive(node: Node, c: Connection, feed: Feed, room: Room | undefined): Step {
  if (room !== undefined && feed.at < room.position) return 'again';
  endFeed(node, c, feed);
  return 'ended';
}

const isOver = (c: Connection, feed: Feed): boolean =>
  c.closed || c.feeds?.get(feed.room) !== feed || feed.held !== undefined;

/** Reads and writes until the feed has joined the live frames, or must wait; then somebody kicks it. */
export async function pump(node: Node, c: Connection, feed: Feed): Promise<void> {
  if (feed.reading || isOver(c, feed)) return;
  feed.reading = true;
  try {
    for (let step: Step = 'again'; step === 'again' || step === 'behind'; ) {
      if (step === 'behind') await sleep(BEHIND_MS);
      if (isOver(c, feed)) break;
      if (c.lag !== undefined) break;
      if (feed.block !== undefined) {
        if (isHeldUp(c, feed.room, feed.block.seq, feed.block.after)) break;
        feed.cleared = feed.block.seq;
        feed.block = undefined;
      }
      const page = await node.roomLog.read(feed.room, feed.at, PAGE, feed.guest ? c.user.id : undefined);
      if (isOver(c, feed)) break;
      step = takePage(node, c, feed, page);
    }
  } catch (err) {
    node.log.debug({ err: (err as Error).message }, 'the log could not be read for a connection');
    setTimeout(() => void pump(node, c, feed), RETRY_MS).unref();
  } finally {
    feed.reading = false;
  }
}
