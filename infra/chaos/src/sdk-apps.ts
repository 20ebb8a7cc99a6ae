// Apps on the SDKs in a run: many clients per process, in rooms of both languages; each writes now
// and then and views its room. The SDKs do all retries, resumes and renewals.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Driver,
  differences,
  type Log,
  type Person,
  roomOf,
  SDKS,
  type Socket,
  startDriver,
} from '@chatapi/conformance';
import type { Memory } from './memory.ts';
import type { Random } from './random.ts';
import { connected, type Member, memberOf } from './sdk-app.ts';

export interface SdkApps {
  clients: number;
  acked(): number;
  memory(): Promise<Memory[]>;
  /** Stops writing and waits for all responses. */
  stop(): Promise<void>;
  /** Compares every view with its room's log and ends the processes. */
  judge(): Promise<Judgement>;
}

interface Judgement {
  /** Number of views that equal the log. */
  equal: number;
  /** Exceptions in apps, from their calls or uncaught. */
  exceptions: number;
  /** Descriptions of the faults. */
  problems: string[];
}

interface Room {
  chat_id: string;
  members: Member[];
  acks: { id: string; seq: number }[];
}

const PER_PROCESS = 50;
const PER_ROOM = 10;
const AT_ONCE = 8;
const PAUSE_MS: [number, number] = [2000, 6000];
const ANSWER_MS = 60_000;
const REACH_MS = 60_000;

function startDrivers(perLanguage: number): Driver[] {
  const languages = [...new Set(SDKS.map(({ language }) => language))];
  return languages.flatMap((language) => {
    const kinds = SDKS.filter((kind) => kind.language === language);
    const processes = Math.max(kinds.length, Math.ceil(perLanguage / PER_PROCESS));
    return Array.from({ length: processes }, (_, i) => startDriver(kinds[i % kinds.length] as (typeof kinds)[number]));
  });
}

/** A few at a time, so as not to overload the cluster before the faults. */
async function eachOf<T>(items: T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/**
 * Connects the same number of clients per language. Each one's first token expires during the run.
 */
async function gather(drivers: Driver[], url: string, perLanguage: number, seconds: number, random: Random) {
  const places = [...new Set(drivers.map(({ kind }) => kind.language))].flatMap((language) => {
    const own = drivers.filter(({ kind }) => kind.language === language);
    return Array.from({ length: perLanguage }, (_, i) => own[i % own.length] as Driver);
  });
  const people: Member[] = [];
  await eachOf(places, async (driver) => {
    people.push(await memberOf(driver, url, Math.round(random.between(30, 30 + seconds))));
  });
  return random.shuffle(people);
}

async function putInRooms(people: Member[]): Promise<Room[]> {
  const rooms: Room[] = [];
  for (let first = 0; first < people.length; first += PER_ROOM) {
    const members = people.slice(first, first + PER_ROOM);
    const [owner, ...others] = members.map(({ person }) => person) as [Person, ...Person[]];
    rooms.push({ chat_id: await roomOf(owner, ...others), members, acks: [] });
  }
  await eachOf(people, connected);
  return rooms;
}

async function logOf({ chat_id, members }: Room): Promise<Log> {
  for (const end = Date.now() + REACH_MS; ; await sleep(500)) {
    try {
      return await (members[0] as Member).person.call('iterate', { chat_id, after_seq: 0 });
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}

async function judgeMember(member: Member, chat_id: string, log: Log): Promise<string[]> {
  const last = log.at(-1)?.[0] ?? 0;
  for (const end = Date.now() + REACH_MS; ; await sleep(100)) {
    const { rooms } = await (member.socket as Socket).view();
    if ((rooms[chat_id]?.last ?? 0) < last && Date.now() < end) continue;
    return differences(rooms[chat_id], log, last).map((found) => `${member.kind} in ${chat_id}: ${found}`);
  }
}

/** Faults in the log of a room and in the views of it. */
async function judgeRoom(room: Room): Promise<{ lost: string[]; views: string[][] }> {
  const log = await logOf(room);
  const held = new Map(log.map(([seq, id]) => [id, seq]));
  const lost = room.acks
    .filter(({ id, seq }) => held.get(id) !== seq)
    .map(({ id }) => `lost: ${id} of ${room.chat_id}`);
  const more = log.length - room.acks.length;
  if (more !== 0) lost.push(`${room.chat_id}: ${room.acks.length} were sent and ${log.length} are there`);
  const views = await Promise.all(room.members.map((member) => judgeMember(member, room.chat_id, log)));
  return { lost, views };
}

export async function startSdkApps(
  url: string,
  perLanguage: number,
  seconds: number,
  random: Random,
): Promise<SdkApps> {
  const drivers = startDrivers(perLanguage);
  const rooms = await putInRooms(await gather(drivers, url, perLanguage, seconds, random));
  const failed: string[] = [];
  let stopped = false;

  async function write({ chat_id, acks }: Room, member: Member): Promise<void> {
    for (let number = 0; ; number++) {
      await sleep(random.between(...PAUSE_MS));
      if (stopped) return;
      const { id, seq } = await (member.socket as Socket).say({ chat_id, content: `${number}` });
      acks.push({ id, seq });
    }
  }
  const loops = rooms.flatMap((room) =>
    room.members.map((member) =>
      write(room, member).catch((error: Error) => void failed.push(`${member.kind}: ${error.message}`)),
    ),
  );

  return {
    clients: loops.length,
    acked: () => rooms.reduce((sum, { acks }) => sum + acks.length, 0),
    memory: () =>
      Promise.all(
        drivers.map(async ({ kind, rss, call }) => {
          const resident = rss() / 1024;
          return { kind: kind.name, resident, held: await call('held') };
        }),
      ),
    stop: async () => {
      stopped = true;
      const late = sleep(ANSWER_MS, 'late', { ref: false });
      if ((await Promise.race([Promise.all(loops), late])) === 'late') failed.push('a send was never answered');
    },
    judge: async () => {
      const found = await Promise.all(rooms.map(judgeRoom));
      const views = found.flatMap((room) => room.views);
      const uncaught = drivers.flatMap((driver) => driver.uncaught.map((text) => `${driver.kind.name}: ${text}`));
      await Promise.all(drivers.map((driver) => driver.end()));
      return {
        equal: views.filter((problems) => problems.length === 0).length,
        exceptions: failed.length + uncaught.length,
        problems: [...failed, ...uncaught, ...found.flatMap(({ lost }) => lost), ...views.flat()],
      };
    },
  };
}
