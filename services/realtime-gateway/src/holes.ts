// Owns: getting what a room misses. A hole mostly closes by itself within milliseconds (batches of two message instances
// overtake each other), so the log is asked a moment later.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Node, Room } from './node.ts';
import { receive, setPosition } from './rooms.ts';

export interface Holes {
  /** The room's log is known to reach `head`. */
  note(room: Room, head: number): void;
}

const PATIENCE_MS = 20;
const RETRY_MS = 300;
const PAGE = 200;

const isBehind = (node: Node, room: Room): boolean => room.position < room.head && node.rooms.get(room.id) === room;

/** @returns false when the log has nothing for us: the head was wrong. */
async function fillOnce(node: Node, room: Room): Promise<boolean> {
  const from = room.position;
  const page = await node.roomLog.read(room.id, from, PAGE);
  if (room.position !== from) return true;
  if (page.first_seq > from + 1 && page.last_seq >= page.first_seq) setPosition(node, room, page.first_seq - 1);
  receive(node, room, page.events);
  return room.position > from;
}

async function fill(node: Node, room: Room): Promise<void> {
  await sleep(PATIENCE_MS);
  while (isBehind(node, room)) {
    try {
      if (await fillOnce(node, room)) continue;
      room.head = room.position;
    } catch (err) {
      node.log.debug({ err: (err as Error).message }, 'a hole could not be filled yet');
      await sleep(RETRY_MS);
    }
  }
}

export function openHoles(node: () => Node): Holes {
  return {
    note(room, head) {
      if (head > room.head) room.head = head;
      // A room that is being opened has no position to be behind of.
      if (room.position < 0 || room.position >= room.head || room.filling) return;
      room.filling = true;
      void fill(node(), room).finally(() => {
        room.filling = false;
      });
    },
  };
}
