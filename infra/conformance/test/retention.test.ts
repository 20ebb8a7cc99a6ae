import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { type Person, roomOf } from '../src/accounts.ts';
import { scenario } from '../src/scenario.ts';
import { contentsOf } from '../src/view.ts';

/** More than one page. */
const MISSED = 120;
const LOOK_MS = 200;

/** Whether the log may still hold what follows `from`, as seen by a new connection. */
const isInTheLog = (url: string, { session }: Person, room: string, from: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/me`, ['bearer', session.access_token]);
    socket.onopen = () => socket.send(JSON.stringify({ type: 'resume', rooms: { [room]: from } }));
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(String(data));
      if (frame.type !== 'resumed') return;
      socket.close();
      resolve(frame.rooms[room].complete);
    };
    // Refused, by the narrow limits or under load.
    socket.onclose = () => resolve(true);
  });

scenario(
  'messages that the log no longer holds come from history with a resync event, followed by live events',
  async (harness) => {
    const owner = await harness.someone();
    const network = await harness.network();
    const reader = await harness.someone(network.url);
    const room = await roomOf(owner, reader);
    const socket = await reader.connect();
    await socket.ready();
    const { seq: seen } = await owner.call('send', { chat_id: room, content: 'seen' });
    await harness.expectLog(socket, owner, room, seen);

    network.cut();
    const missed = Array.from({ length: MISSED }, (_, n) => `missed ${n}`);
    const sent = await Promise.all(missed.map((content) => owner.call('send', { chat_id: room, content })));
    // A change that history does not contain.
    await owner.call('react', { message_id: sent[0].id, emoji: '👍' });
    while (await isInTheLog(harness.cluster.url, owner, room, seen)) await sleep(LOOK_MS);
    network.mend();

    const last = Math.max(...sent.map(({ seq }) => seq)) + 1;
    while ((await socket.view()).resyncs.length === 0) await sleep(LOOK_MS);
    await owner.call('react', { message_id: sent[1].id, emoji: '👍' });
    const { seq } = await owner.call('send', { chat_id: room, content: 'live again' });
    expect(seq).to.equal(last + 2);
    const view = await harness.expectLog(socket, owner, room, seq, true);
    expect(contentsOf(view.rooms[room])).to.have.members(['seen', ...missed, 'live again']);
    expect(new Set(view.resyncs)).to.deep.equal(new Set([room]));
    expect(view.rooms[room]?.entries?.map(([at]) => at)).to.include(last + 1);
  },
  { narrow: true },
);
