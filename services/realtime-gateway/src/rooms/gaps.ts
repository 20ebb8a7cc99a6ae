// Reads missing events of a room from the log. Most gaps close by themselves within milliseconds
// (signals of two message instances arrive out of order), so the log is read after a short wait.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gaps, Node } from '../context.ts';
import type { Room } from '../state.ts';
import { receive, setPosition } from './rooms.ts';

const WAIT_MS = 20;
const RETRY_MS = 300;
const PAGE_SIZE = 200;

const isBehind = (node: Node, room: Room): boolean => room.position < room.head && node.rooms.get(room.id) === room;

/** @returns false when the log has no further events: the noted head was wrong. */
async function fillOnce(node: Node, room: Room): Promise<boolean> {
  const from = room.position;
  const page = await node.roomLog.read(room.id, from, PAGE_SIZE);
  if (room.position !== from) return true;
  if (page.first_seq > from + 1 && page.last_seq >= page.first_seq) setPosition(node, room, page.first_seq - 1);
  receive(node, room, page.events);
  return room.position > from;
}

async function fill(node: Node, room: Room): Promise<void> {
  await sleep(WAIT_MS);
  while (isBehind(node, room)) {
    try {
      if (await fillOnce(node, room)) {
        node.nodeMetrics.filledGap();
        continue;
      }
      room.head = room.position;
    } catch (err) {
      node.log.debug({ err: (err as Error).message }, 'could not fill a gap yet');
      await sleep(RETRY_MS);
    }
  }
}

export function createGaps(node: () => Node): Gaps {
  return {
    noteHead(room, head) {
      if (head > room.head) room.head = head;
      // A room that is being opened has no position yet.
      if (room.position < 0 || room.position >= room.head || room.filling) return;
      room.filling = true;
      void fill(node(), room).finally(() => {
        room.filling = false;
      });
    },
  };
}
