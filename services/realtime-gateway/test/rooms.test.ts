import { expect } from 'chai';
import fc from 'fast-check';
import { addFeed, pump } from '../src/feed.ts';
import { closeIdleRooms } from '../src/heartbeat.ts';
import type { RoomEvent } from '../src/node.ts';
import { roomEvent } from '../src/room-event.ts';
import { openRooms, receive } from '../src/rooms.ts';
import { openParts, until, upTo } from './parts.ts';

/** What becomes of each signal: lost, once or twice, and when. */
const fate = fc.record({ copies: fc.integer({ min: 0, max: 2 }), at: fc.integer({ min: 0, max: 1000 }) });

describe('the order of a room', () => {
  it('any loss, repeat and reordering of signals gives 1..N once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        async (fates, together) => {
          const { node, room, append, join } = openParts();
          const { socket } = join('a');
          const events = append(fates.length);
          const signals = fates.flatMap(({ copies, at }, i) =>
            Array.from({ length: copies }, (_, n) => ({ at: at + n * 7, event: events[i] })),
          );
          const arriving = signals.sort((a, b) => a.at - b.at).map(({ event }) => event as RoomEvent);
          while (arriving.length > 0) receive(node, room, arriving.splice(0, together));
          node.holes.note(room, events.length); // what the comparison of heads finds
          await until(() => room.position === events.length && !room.filling);
          await until(() => socket.seqs.length >= events.length);
          expect(socket.seqs).to.deep.equal(upTo(events.length));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('signals in order are handed on without asking the log, however many come at once', async () => {
    const { node, room, log, append, join } = openParts();
    const { socket } = join('a');
    receive(node, room, append(1300));
    await until(() => socket.seqs.length === 1300);
    expect(socket.seqs).to.deep.equal(upTo(1300));
    expect([log.reads, node.writer.frames]).to.deep.equal([0, 1300]);
  });

  it('what comes at once leaves in one write, the same bytes for all', async () => {
    const { node, room, append, join } = openParts();
    const readers = [join('a'), join('b')];
    receive(node, room, append(8));
    await until(() => readers.every(({ socket }) => socket.seqs.length === 8));
    const [a, b] = readers.map(({ socket }) => socket.written);
    expect([a?.length, b?.length]).to.deep.equal([1, 1]);
    expect(a?.[0]).to.equal(b?.[0]);
  });

  it('a hole that is longer than what may wait is closed by the log, whatever waits behind it', async () => {
    const { node, room, append, join } = openParts();
    const { socket } = join('a');
    const events = append(2000);
    receive(node, room, events.slice(1));
    await until(() => socket.seqs.length === 2000);
    expect(socket.seqs).to.deep.equal(upTo(2000));
  });

  it('links to files are signed for each reader, live and from the log', async () => {
    const { node, room, log, join } = openParts();
    const frame = { seq: 1, attachments: [{ id: 'file_1', url: '/files/file_1/content', thumbnail_url: null }] };
    const event = roomEvent(1, 'someone', '', JSON.stringify(frame));
    log.events.push(event);
    const readers = [join('a'), join('b')];
    receive(node, room, [event]);
    const late = join('late');
    void pump(node, late.c, addFeed(late.c, { room: 'room', at: 0, began: 0 }));
    for (const { socket, user } of [...readers, late]) {
      await until(() => socket.frames.length === 1);
      const [file] = socket.frames[0].attachments;
      expect(node.links.verify('file_1', 'content', file.url.split('token=')[1])).to.equal(user.id);
      expect(socket.frames[0].seq).to.equal(1);
    }
  });

  it('a room that nobody is in any more stays while somebody is being loaded into it', async () => {
    const { node, room } = openParts();
    const muchLater = Date.now() + 60_000;
    const opened: unknown[] = [];
    const opening = openRooms(node, ['room', 'another'], (rooms) => void opened.push(...rooms));
    closeIdleRooms(node, muchLater);
    await opening;
    expect(opened[0]).to.equal(room);
    expect(node.rooms.get('room')).to.equal(room);
    closeIdleRooms(node, muchLater);
    expect([...node.rooms.keys()]).to.deep.equal([]);
  });

  it('a hole that closes by itself within milliseconds costs no read', async () => {
    const { node, room, log, append, join } = openParts();
    const { socket } = join('a');
    const [one, two, three] = append(3);
    for (const event of [three, two, one]) if (event !== undefined) receive(node, room, [event]);
    await until(() => socket.seqs.length === 3 && !room.filling);
    expect(log.reads).to.equal(0);
  });

  it('a room that missed thousands is filled page by page', async () => {
    const { node, room, append, join } = openParts();
    const { socket } = join('a');
    const events = append(2500);
    const last = events.at(-1);
    if (last !== undefined) receive(node, room, [last]);
    await until(() => socket.seqs.length === 2500);
    expect(socket.seqs).to.deep.equal(upTo(2500));
  });

  it('what the log no longer has is passed over', async () => {
    const { node, room, log, append, join } = openParts();
    const { socket } = join('a');
    append(100);
    log.first = 81;
    node.holes.note(room, 100);
    await until(() => room.position === 100);
    await until(() => socket.seqs.length === 20);
    expect(socket.seqs).to.deep.equal(upTo(100, 81));
  });

  it('a wrong head ends the search', async () => {
    const { node, room, append, join } = openParts();
    join('a');
    append(3);
    node.holes.note(room, 10);
    await until(() => !room.filling);
    expect([room.position, room.head]).to.deep.equal([3, 3]);
  });
});
