import { expect } from 'chai';
import fc from 'fast-check';
import { addFeed, pump } from '../src/rooms/feed.ts';
import { openRooms, receive } from '../src/rooms/rooms.ts';
import type { RoomEvent } from '../src/state.ts';
import { closeIdleRooms } from '../src/upkeep/heartbeat.ts';
import { roomEvent } from '../src/wire/room-event.ts';
import { createNodeFixture, until, upTo } from './node-fixture.ts';

/** The fate of each signal: lost, delivered once or twice, and when. */
const fate = fc.record({ copies: fc.integer({ min: 0, max: 2 }), at: fc.integer({ min: 0, max: 1000 }) });

describe('event order in a room', () => {
  it('delivers 1..N once and in order under any loss, repetition and reordering of signals', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        async (fates, together) => {
          const { node, room, append, join } = createNodeFixture();
          const { socket } = join('a');
          const events = append(fates.length);
          const signals = fates.flatMap(({ copies, at }, i) =>
            Array.from({ length: copies }, (_, n) => ({ at: at + n * 7, event: events[i] })),
          );
          const arriving = signals.sort((a, b) => a.at - b.at).map(({ event }) => event as RoomEvent);
          while (arriving.length > 0) receive(node, room, arriving.splice(0, together));
          node.gaps.noteHead(room, events.length); // as the comparison of heads does
          await until(() => room.position === events.length && !room.filling);
          await until(() => socket.seqs.length >= events.length);
          expect(socket.seqs).to.deep.equal(upTo(events.length));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('delivers signals in order without reading the log, however many arrive at once', async () => {
    const { node, room, log, append, join } = createNodeFixture();
    const { socket } = join('a');
    receive(node, room, append(1300));
    await until(() => socket.seqs.length === 1300);
    expect(socket.seqs).to.deep.equal(upTo(1300));
    expect([log.reads, node.writer.frames]).to.deep.equal([0, 1300]);
  });

  it('writes events that arrive together at once, with the same buffer for all', async () => {
    const { node, room, append, join } = createNodeFixture();
    const readers = [join('a'), join('b')];
    receive(node, room, append(8));
    await until(() => readers.every(({ socket }) => socket.seqs.length === 8));
    const [a, b] = readers.map(({ socket }) => socket.written);
    expect([a?.length, b?.length]).to.deep.equal([1, 1]);
    expect(a?.[0]).to.equal(b?.[0]);
  });

  it('reads a gap that is longer than the waiting events from the log', async () => {
    const { node, room, append, join } = createNodeFixture();
    const { socket } = join('a');
    const events = append(2000);
    receive(node, room, events.slice(1));
    await until(() => socket.seqs.length === 2000);
    expect(socket.seqs).to.deep.equal(upTo(2000));
  });

  it('signs file links for each reader, live and from the log', async () => {
    const { node, room, log, join } = createNodeFixture();
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
      expect(node.fileLinks.verify('file_1', 'content', file.url.split('token=')[1])).to.equal(user.id);
      expect(socket.frames[0].seq).to.equal(1);
    }
  });

  it('keeps an empty room while a user is being loaded into it', async () => {
    const { node, room } = createNodeFixture();
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

  it('does not read the log for a gap that closes by itself within milliseconds', async () => {
    const { node, room, log, append, join } = createNodeFixture();
    const { socket } = join('a');
    const [one, two, three] = append(3);
    for (const event of [three, two, one]) if (event !== undefined) receive(node, room, [event]);
    await until(() => socket.seqs.length === 3 && !room.filling);
    expect(log.reads).to.equal(0);
  });

  it('fills a gap of thousands of events page by page', async () => {
    const { node, room, append, join } = createNodeFixture();
    const { socket } = join('a');
    const events = append(2500);
    const last = events.at(-1);
    if (last !== undefined) receive(node, room, [last]);
    await until(() => socket.seqs.length === 2500);
    expect(socket.seqs).to.deep.equal(upTo(2500));
  });

  it('skips events that the log no longer has', async () => {
    const { node, room, log, append, join } = createNodeFixture();
    const { socket } = join('a');
    append(100);
    log.first = 81;
    node.gaps.noteHead(room, 100);
    await until(() => room.position === 100);
    await until(() => socket.seqs.length === 20);
    expect(socket.seqs).to.deep.equal(upTo(100, 81));
  });

  it('stops reading when the noted head was wrong', async () => {
    const { node, room, append, join } = createNodeFixture();
    join('a');
    append(3);
    node.gaps.noteHead(room, 10);
    await until(() => !room.filling);
    expect([room.position, room.head]).to.deep.equal([3, 3]);
  });
});
