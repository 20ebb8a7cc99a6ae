// Fakes of auth, user and message, with arrays as room logs.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSignals, type Revocation, roomTopic, userTopic } from '@chatapi/bus';
import { notFound, unavailable } from '@chatapi/kit';
import type { ServiceName } from '@chatapi/kit/auth';
import type { Redis } from '@chatapi/kit/data';
import { attachRpcServer, RawBody } from '@chatapi/kit/rpc';
import { silentSink, testKeys } from '@chatapi/kit/testing';

interface RoomLog {
  kind: 'public' | 'private' | 'direct';
  members: string[];
  events: { seq: number; sender: string; frame: string }[];
}

export interface FakeServices {
  urls: Record<'auth' | 'user' | 'message', string>;
  rooms: Map<string, RoomLog>;
  revocations: Revocation[];
  positions: Record<string, unknown>[];
  offline: string[];
  /** Bodies of the requests for states. */
  states: any[];
  /** Runs between the snapshot of a state and its answer. */
  beforeState(): Promise<void>;
  failsReadStates: boolean;
  /** Saved positions of streams, by id. */
  bases: Map<string, Record<string, number>>;
  sends: number;
  /** Bodies of all sends, in order. */
  bodies: any[];
  /** Number of reads of a room's log that check a user's rights. */
  lookUps: number;
  /** Number of calls of sends that still fail with 503. */
  failuresLeft: number;
  /** Whether no signals are published. */
  silent: boolean;
  /** Whether the answer to the next send is lost after its commit. */
  losesNextAnswer: boolean;
  /** @param excludeNode a node that gets no signal. */
  append(room: string, sender: string, fields?: object, origin?: string, excludeNode?: string): Promise<number>;
  member(kind: 'joined' | 'left', room: string, user: string): Promise<void>;
  /** Publishes a notice to a user. */
  notify(user: string, origin: string, frame: string): Promise<void>;
  close(): void;
}

export async function startFakeServices(redis: Redis): Promise<FakeServices> {
  const signals = createSignals(redis, testKeys('message'));
  const acked = new Map<string, object>();

  const roomsOf = (user: string) =>
    [...services.rooms]
      .filter(([, { members }]) => members.includes(user))
      .map(([id, { kind, events, members }]) => ({
        id,
        kind,
        last_seq: events.length,
        member_count: members.length,
      }));
  const peersOf = (user: string) =>
    [...services.rooms.values()].flatMap(({ members }) => members).filter((id) => id !== user);

  const answers: [RegExp, (body: any, match: RegExpExecArray, url: URL) => unknown][] = [
    [
      /^\/internal\/revocations$/,
      (_b, _m, url) => ({
        revocations: services.revocations.filter(({ seq }) => seq > Number(url.searchParams.get('after'))),
        last_seq: 0,
      }),
    ],
    [
      /^\/internal\/rooms-of-users$/,
      ({ user_ids }) => ({ rooms: Object.fromEntries(user_ids.map((user: string) => [user, roomsOf(user)])) }),
    ],
    [
      /^\/internal\/peers-of-users$/,
      ({ user_ids }) => ({ peers: Object.fromEntries(user_ids.map((user: string) => [user, peersOf(user)])) }),
    ],
    [/^\/internal\/may-type$/, ({ typists }) => ({ allowed: typists.map(() => true) })],
    [/^\/internal\/leavings$/, () => ({ leavings: [] })],
    [
      /^\/internal\/heads$/,
      ({ rooms }) => ({
        heads: Object.fromEntries(
          rooms.flatMap((id: string) => (services.rooms.has(id) ? [[id, services.rooms.get(id)?.events.length]] : [])),
        ),
      }),
    ],
    [
      /^\/internal\/events$/,
      ({ user_id, rooms }) => ({
        rooms: rooms.map(({ id, after, limit }: { id: string; after: number; limit: number }) => {
          const room = services.rooms.get(id);
          if (user_id !== undefined) services.lookUps++;
          const readable =
            room !== undefined && (user_id === undefined || room.kind === 'public' || room.members.includes(user_id));
          if (!readable) return { id, readable, first_seq: 0, last_seq: 0, events: [] };
          return {
            id,
            readable,
            first_seq: 1,
            last_seq: room.events.length,
            events: room.events.slice(after, after + limit),
          };
        }),
      }),
    ],
    [
      /^\/internal\/read-states$/,
      ({ asked }) => {
        if (services.failsReadStates) throw unavailable('Positions');
        return {
          states: asked.flatMap(({ user_id, rooms }: { user_id: string; rooms: string[] }) =>
            rooms.map((room_id) => ({ room_id, user_id, read_seq: 1, unread_count: 2, last_seq: 3 })),
          ),
        };
      },
    ],
    [
      /^\/internal\/state$/,
      async (asked) => {
        services.states.push(asked);
        const shown = roomsOf(asked.user_id).map(({ id, last_seq }) => ({ chat_id: id, last_seq }));
        const peers = [...new Set(peersOf(asked.user_id))];
        await services.beforeState();
        return new RawBody(
          { heads: shown.map(({ chat_id, last_seq }) => [chat_id, last_seq]), peers },
          JSON.stringify({ rooms: shown, users: {}, next_cursor: null }),
        );
      },
    ],
    [
      /^\/internal\/presences$/,
      ({ user_ids }) => ({
        presence: Object.fromEntries(user_ids.map((id: string) => [id, { status: 'offline', last_seen: null }])),
      }),
    ],
    [
      /^\/internal\/stream-bases$/,
      ({ positions }) => {
        const id = (services.bases.size + 1).toString(16).padStart(32, '0');
        services.bases.set(id, positions);
        return { id };
      },
    ],
    [
      /^\/internal\/stream-positions$/,
      ({ base, rooms }) => {
        const saved = base === undefined ? {} : services.bases.get(base);
        if (saved === undefined) return { known: false, positions: {}, joined: {} };
        const known = rooms.filter((id: string) => saved[id] !== undefined);
        const others = rooms.filter((id: string) => saved[id] === undefined);
        return {
          known: true,
          positions: Object.fromEntries(known.map((id: string) => [id, saved[id]])),
          joined: Object.fromEntries(others.map((id: string) => [id, 0])),
        };
      },
    ],
    [/^\/internal\/positions$/, ({ positions }) => void services.positions.push(...positions)],
    [
      /^\/internal\/presence$/,
      ({ offline }) => void services.offline.push(...offline.map(({ user_id }: { user_id: string }) => user_id)),
    ],
    [/^\/internal\/sends$/, ({ node, sends }) => takeSends(node, sends)],
  ];

  async function takeSends(node: string, sends: any[]): Promise<unknown> {
    if (services.failuresLeft-- > 0) throw unavailable('The log');
    services.failuresLeft = 0;
    services.sends += sends.length;
    services.bodies.push(...sends.map(({ body }) => body));
    const results = [];
    for (const { sender_id, origin, body } of sends) results.push(await takeSend(node, sender_id, origin, body));
    return { results };
  }

  async function takeSend(node: string, sender_id: string, origin: string, body: any): Promise<object> {
    const chat_id = body.chat_id ?? `dm:${body.recipient_id}`;
    if (!services.rooms.has(chat_id))
      return { ok: false, error: { code: 'RESOURCE_NOT_FOUND', message: 'Room not found', details: {} } };
    const key = `${chat_id} ${sender_id} ${body.client_id}`;
    const known = acked.get(key);
    if (known !== undefined) return { ...known, frame: '', repeated: true };
    const seq = await services.append(chat_id, sender_id, { type: 'message', content: body.content }, origin, node);
    const answer = {
      ok: true,
      message_id: `msg_${seq}`,
      chat_id,
      seq,
      created_at: new Date().toISOString(),
      client_id: body.client_id,
      frame: services.rooms.get(chat_id)?.events[seq - 1]?.frame,
      repeated: false,
    };
    acked.set(key, answer);
    if (!services.losesNextAnswer) return answer;
    services.losesNextAnswer = false;
    return { ok: false, error: { code: 'SERVICE_UNAVAILABLE', message: 'The answer is lost', details: {} } };
  }

  async function answer(url: URL, body: unknown): Promise<unknown> {
    for (const [pattern, give] of answers) {
      const match = pattern.exec(url.pathname);
      if (match !== null) return await give(body, match, url);
    }
    throw notFound('Route');
  }

  const stops: (() => void)[] = [];
  async function serve(name: ServiceName): Promise<string> {
    const server = createServer();
    const calls = attachRpcServer(server, testKeys(name), silentSink(), (what, body) =>
      answer(new URL(what.split(' ')[1] as string, 'http://inner'), body),
    );
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    stops.push(() => {
      calls.close(0);
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const services: FakeServices = {
    urls: { auth: await serve('auth'), user: await serve('user'), message: await serve('message') },
    rooms: new Map(),
    revocations: [],
    positions: [],
    offline: [],
    states: [],
    beforeState: async () => undefined,
    failsReadStates: false,
    bases: new Map(),
    sends: 0,
    bodies: [],
    lookUps: 0,
    failuresLeft: 0,
    silent: false,
    losesNextAnswer: false,
    async append(room, sender, fields = {}, origin = '', excludeNode = '') {
      const { events } = services.rooms.get(room) as RoomLog;
      const seq = events.length + 1;
      const frame = JSON.stringify({ type: 'event', chat_id: room, seq, sender_id: sender, ...fields });
      events.push({ seq, sender, frame });
      if (!services.silent)
        await signals.publish([
          {
            kind: 'event',
            topic: roomTopic(room),
            room,
            seq,
            sender,
            origin,
            frame,
            excludeNode,
            committedAt: Date.now(),
          },
        ]);
      return seq;
    },
    async member(kind, room, user) {
      const log = services.rooms.get(room) as RoomLog;
      log.members = kind === 'joined' ? [...log.members, user] : log.members.filter((id) => id !== user);
      const seq = await services.append(room, user, { type: `member_${kind}` });
      const frame = JSON.stringify({ type: kind === 'joined' ? 'room_joined' : 'room_removed', chat_id: room });
      await signals.publish([{ kind, topic: userTopic(user), room, seq, sender: user, origin: '', frame }]);
    },
    notify: (user, origin, frame) =>
      signals.publish([{ kind: 'notice', topic: userTopic(user), room: '', seq: 0, sender: user, origin, frame }]),
    close() {
      for (const stop of stops) stop();
    },
  };
  return services;
}
