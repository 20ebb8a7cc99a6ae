// Feeds a room's events to a connection that can't take live frames: it resumes, reads slowly, or
// waits for an ack. Each seq is written once and in order until the feed joins the live frames.
// Memory is bounded: MAX_HELD_* frames are held, everything else is read from the log.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node } from '../context.ts';
import type { Page } from '../message-service/log-reader.ts';
import type { Connection, Feed, Resume, Room, RoomEvent } from '../state.ts';
import { isHeldUp, mayBeOwn, unansweredFor } from '../wire/acks.ts';
import { resumeReading } from '../wire/pause-reading.ts';
import { writeEvent } from '../wire/room-event.ts';
import { HIGH_WATER, mustWait, unsent } from '../wire/writer.ts';
import { sendResumed } from './resumed.ts';

const PAGE_SIZE = 100;
const MAX_HELD_FRAMES = 256;
const MAX_HELD_BYTES = 256 * 1024;
const RETRY_MS = 500;
const BEHIND_PAUSE_MS = 20;
const MAX_REPLAYED_ROOMS = 2000;
const NOTHING = Buffer.alloc(0);

export interface FeedStart {
  room: string;
  at: number;
  began: number;
  guest?: boolean;
  resume?: Resume;
  /** Hold live frames instead of reading the log. */
  hold?: boolean;
  parked?: boolean;
}

export function addFeed(
  c: Connection,
  { room, at, began, guest = false, resume, hold = false, parked = false }: FeedStart,
): Feed {
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
    parked,
    resume,
  };
  c.feeds ??= new Map();
  c.feeds.set(room, feed);
  return feed;
}

/**
 * The signal of a join may arrive after the replay has shown it. Bounded: a client that resumes
 * more rooms may get an event twice.
 */
function noteReplayed(c: Connection, { room, at }: Feed): void {
  // One per connection: an LRUCache of this size allocates 45 KB at once.
  c.replayedTo ??= new Map();
  if (c.replayedTo.size >= MAX_REPLAYED_ROOMS) c.replayedTo.clear();
  c.replayedTo.set(room, at);
}

function endFeed(node: Node, c: Connection, feed: Feed, complete = true): void {
  c.feeds?.delete(feed.room);
  if (c.feeds?.size === 0) c.feeds = undefined;
  if (feed.guest && complete) noteReplayed(c, feed);
  if (feed.resume !== undefined) answerResume(node, c, feed, feed.resume, complete);
}

/** Stores the result of a room's resume; after the last room, writes the `resumed` frame. */
export function answerResume(node: Node, c: Connection, feed: Feed, resume: Resume, complete: boolean): void {
  const entry = resume.rooms[feed.room];
  feed.resume = undefined;
  if (entry === undefined) return;
  entry.to = complete ? feed.at : Math.max(feed.began, 0);
  entry.complete = complete;
  node.nodeMetrics.resumed(complete);
  if (c.stream !== undefined) c.stream.replayed(feed.room, entry);
  else if (--resume.left === 0) sendResumed(node, c, resume);
}

/** Marks a connection as lagging. When it has drained, the log is read for what it missed. */
export function markLagging(node: Node, c: Connection): void {
  if (c.lag !== undefined) return;
  c.lag = { since: Date.now(), unsent: Number.POSITIVE_INFINITY };
  node.lagging.add(c);
  // Not the 'drain' event, which is not emitted if the kernel takes a write at once: an empty write
  // completes after all writes before it.
  node.writer.flush(c);
  c.socket.write(NOTHING, () => drained(node, c));
}

/** Also called every second, in case the callback came before enough had drained. */
export function drained(node: Node, c: Connection): void {
  if (c.lag === undefined || unsent(c) > HIGH_WATER / 4 || c.stream?.held) return;
  c.lag = undefined;
  c.laggedAt = Date.now();
  node.lagging.delete(c);
  resumeReading(c);
  kick(node, c);
  c.stream?.wake();
}

/** Takes a live event for a connection that has a feed in this room. */
export function feedLive(node: Node, c: Connection, feed: Feed, event: RoomEvent): void {
  if (feed.held === undefined) return;
  if (feed.held.length >= MAX_HELD_FRAMES || feed.heldBytes > MAX_HELD_BYTES) {
    feed.held = undefined;
    feed.heldBytes = 0;
    void pump(node, c, feed);
    return;
  }
  const after = mayBeOwn(c, event) ? unansweredFor(c, feed.room, event.seq) : undefined;
  feed.held.push({ event, after });
  feed.heldBytes += event.frame.length;
}

/** Writes held events up to the first one that still waits for an ack. */
function releaseHeld(node: Node, c: Connection, feed: Feed, held: NonNullable<Feed['held']>): void {
  while (held.length > 0) {
    const { event, after } = held[0] as (typeof held)[number];
    if (isHeldUp(c, feed.room, event.seq, after)) return;
    held.shift();
    feed.heldBytes -= event.frame.length;
    writeEvent(node, c, feed.room, event);
    feed.at = event.seq;
  }
  endFeed(node, c, feed);
}

/** Continues all feeds of a connection, after an ack, a drain or a failed read. */
export function kick(node: Node, c: Connection): void {
  for (const feed of c.feeds?.values() ?? []) {
    if (feed.held !== undefined) releaseHeld(node, c, feed, feed.held);
    else void pump(node, c, feed);
  }
}

const isLiveIn = (room: Room | undefined, c: Connection, feed: Feed): room is Room =>
  room !== undefined && !feed.guest && room.users.has(c.user);

/** Whether an event of the log must wait for acks. Events up to `cleared` have waited. */
function waitsForAck(c: Connection, feed: Feed, event: RoomEvent): boolean {
  if (!mayBeOwn(c, event) || event.seq <= feed.cleared) return false;
  const after = unansweredFor(c, feed.room, event.seq);
  if (after === undefined) return false;
  feed.block = { seq: event.seq, after };
  return true;
}

/** @returns false when the rest of the page must wait for an ack or a slow reader. */
function writePage(node: Node, c: Connection, feed: Feed, events: RoomEvent[], limit: number): boolean {
  for (const event of events) {
    if (event.seq <= feed.at) continue;
    if (event.seq > limit) return true;
    if (waitsForAck(c, feed, event)) return false;
    if (mustWait(c, feed.room)) {
      markLagging(node, c);
      return false;
    }
    writeEvent(node, c, feed.room, event);
    feed.at = event.seq;
  }
  return true;
}

/** Whether the log can't serve the resume: decided by the page at the requested position only. */
function cannotResume({ resume, room, at }: Feed, { first_seq, last_seq }: Page): boolean {
  return resume !== undefined && at === resume.rooms[room]?.from && (at > last_seq || at < first_seq - 1);
}

/** `behind`: this node's room has not reached the seq that the client was promised. */
type Step = 'again' | 'behind' | 'wait' | 'ended';

function takePage(node: Node, c: Connection, feed: Feed, page: Page): Step {
  const room = node.rooms.get(feed.room);
  const live = isLiveIn(room, c, feed);
  if (!page.readable || (feed.guest && cannotResume(feed, page))) {
    endFeed(node, c, feed, false);
    return 'ended';
  }
  if (cannotResume(feed, page)) {
    // Answer `complete: false` and continue with the live frames since the feed began.
    answerResume(node, c, feed, feed.resume as Resume, false);
    feed.at = feed.began;
    return joinLive(node, c, feed, room);
  }
  // Older events were removed from the log.
  if (feed.at < page.first_seq - 1) feed.at = page.first_seq - 1;
  const done = writePage(node, c, feed, page.events, live ? room.position : page.last_seq);
  if (live) node.positions.fed(feed.room, c.user.id, feed.at);
  if (!done) return 'wait';
  if (!live) {
    if (feed.at < page.last_seq && page.events.length > 0) return 'again';
    endFeed(node, c, feed);
    return 'ended';
  }
  if (page.last_seq > room.position) node.gaps.noteHead(room, page.last_seq);
  if (feed.resume !== undefined && feed.goal < 0) feed.goal = page.last_seq;
  // A replay as a guest may be ahead of this node, whose live frames must not repeat it.
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

/** Reads and writes until the feed joins the live frames or must wait for a `kick`. */
export async function pump(node: Node, c: Connection, feed: Feed): Promise<void> {
  if (feed.reading || feed.parked || isOver(c, feed)) return;
  feed.reading = true;
  try {
    for (let step: Step = 'again'; step === 'again' || step === 'behind'; ) {
      if (step === 'behind') await sleep(BEHIND_PAUSE_MS);
      if (isOver(c, feed)) break;
      if (c.lag !== undefined) break;
      if (feed.block !== undefined) {
        if (isHeldUp(c, feed.room, feed.block.seq, feed.block.after)) break;
        feed.cleared = feed.block.seq;
        feed.block = undefined;
      }
      const page = await node.roomLog.read(feed.room, feed.at, PAGE_SIZE, feed.guest ? c.user.id : undefined);
      if (isOver(c, feed)) break;
      step = takePage(node, c, feed, page);
    }
  } catch (err) {
    node.log.debug({ err: (err as Error).message }, 'could not read the log for a connection, trying again');
    setTimeout(() => void pump(node, c, feed), RETRY_MS).unref();
  } finally {
    feed.reading = false;
  }
}
