// Owns: apps on the SDKs in a run: many clients a process, in rooms of both languages, each writing now and then and viewing
// its room. Does not own: what a view must equal (conformance). Nothing here repeats, resumes or renews: the SDKs do.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Driver,
  differences,
  KINDS,
  type Log,
  type Person,
  roomOf,
  type Socket,
  startDriver,
} from '@chatapi/conformance';
import { connected, type Member, memberOf } from './member.ts';
import type { Memory } from './memory.ts';
import type { Random } from './random.ts';

export interface Crowd {
  clients: number;
  acked(): number;
  memory(): Promise<Memory[]>;
  /** Ends the writing and waits for all answers. */
  stop(): Promise<void>;
  /** Compares every view with its room's log. Ends the processes. */
  judge(): Promise<Judgement>;
}

export interface Judgement {
  /** Views that equal the log. */
  equal: number;
  /** What reached an app: of its calls, and what none of them could have caught. */
  exceptions: number;
  /** In words. */
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
  const languages = [...new Set(KINDS.map(({ language }) => language))];
  return languages.flatMap((language) => {
    const kinds = KINDS.filter((kind) => kind.language === language);
    const processes = Math.max(kinds.length, Math.ceil(perLanguage / PER_PROCESS));
    return Array.from({ length: processes }, (_, i) => startDriver(kinds[i % kinds.length] as (typeof kinds)[number]));
  });
}

/** A few at a time: the cluster is not what is to be broken yet. */
async function eachOf<T>(items: T[], act: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** As many of each language, over its processes; all connected. Each one's first token ends some time during the run. */
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

/** What is wrong with the log, and with each view of it. */
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

export async function openCrowd(url: string, perLanguage: number, seconds: number, random: Random): Promise<Crowd> {
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
