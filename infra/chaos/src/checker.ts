// Checks a run: was every acknowledged message delivered once, in one order, without a gap, to
// everyone? Pure functions over recorded data.

/** An acknowledged send. A send without an answer may be in the log once, or not. */
export interface Ack {
  room: string;
  client_id: string;
  message_id: string;
  seq: number;
}

export interface Event {
  seq: number;
  type: string;
  /** Set for message events. */
  message_id?: string;
  client_id?: string;
}

/** The events that an observer applied in one room, in its order. */
export interface Stream {
  observer: string;
  room: string;
  events: Event[];
}

/** A room's complete history by REST, oldest first, and its last_seq. */
export interface History {
  room: string;
  last_seq: number;
  messages: { seq: number; message_id: string; client_id?: string }[];
}

export interface Verdict {
  acked: number;
  /** Message events in all streams. */
  delivered: number;
  lost: number;
  duplicated: number;
  inversions: number;
  /** Descriptions of the first faults. */
  problems: string[];
}

const MAX_PROBLEMS = 20;

type Count = 'lost' | 'duplicated' | 'inversions';

function findings(): { verdict: Verdict; found: (what: Count, times: number, words: string) => void } {
  const verdict: Verdict = { acked: 0, delivered: 0, lost: 0, duplicated: 0, inversions: 0, problems: [] };
  const found = (what: Count, times: number, words: string): void => {
    verdict[what] += times;
    if (times > 0 && verdict.problems.length < MAX_PROBLEMS) verdict.problems.push(`${what}: ${words}`);
  };
  return { verdict, found };
}

type Found = ReturnType<typeof findings>['found'];

/** Each seq from 1 to the room's last, once, ascending. */
function checkStream({ observer, room, events }: Stream, last: number, found: Found): void {
  const where = `${observer} in ${room}`;
  let at = 0;
  const seen = new Set<number>();
  for (const { seq } of events) {
    if (seen.has(seq)) found('duplicated', 1, `${where}: ${seq} came twice`);
    else if (seq < at) found('inversions', 1, `${where}: ${seq} came after ${at}`);
    seen.add(seq);
    at = Math.max(at, seq);
  }
  const top = Math.max(at, last);
  const missing: number[] = [];
  for (let seq = 1; seq <= top; seq++) if (!seen.has(seq)) missing.push(seq);
  found(
    'lost',
    missing.length,
    `${where}: ${missing.length} of ${top} never came: ${missing.slice(0, 5).join(', ')} …`,
  );
}

const messagesOf = (events: Event[]): Event[] => events.filter(({ message_id }) => message_id !== undefined);

/** Neither a client_id nor an id more than once. */
function checkOnce(where: string, messages: { message_id?: string; client_id?: string }[], found: Found): void {
  for (const key of ['message_id', 'client_id'] as const) {
    const values = messages.map((m) => m[key]).filter((value) => value !== undefined);
    found('duplicated', values.length - new Set(values).size, `${where}: the same ${key} more than once`);
  }
}

function checkAcks(where: string, acks: Ack[], messages: { seq: number; message_id?: string }[], found: Found): void {
  const place = new Map(messages.map(({ message_id, seq }) => [message_id, seq]));
  for (const ack of acks) {
    const seq = place.get(ack.message_id);
    if (seq === undefined)
      found('lost', 1, `${where}: ${ack.client_id} was acknowledged as ${ack.seq} and is not there`);
    else if (seq !== ack.seq)
      found('inversions', 1, `${where}: ${ack.client_id} was acknowledged as ${ack.seq} and stands at ${seq}`);
  }
}

/** Every stream must equal the database. */
function checkSame(stream: Stream, history: History, found: Found): void {
  const held = new Map(history.messages.map((m) => [m.seq, m.message_id]));
  const differ = messagesOf(stream.events).filter(({ seq, message_id }) => held.get(seq) !== message_id);
  found(
    'inversions',
    differ.length,
    `${stream.observer} in ${stream.room}: ${differ[0]?.seq} is another message in the database`,
  );
}

function checkHistory(history: History, acks: Ack[], found: Found): void {
  const where = `history of ${history.room}`;
  checkOnce(where, history.messages, found);
  checkAcks(where, acks, history.messages, found);
  const backward = history.messages.filter((m, i, all) => i > 0 && m.seq <= (all[i - 1]?.seq ?? 0));
  found('inversions', backward.length, `${where}: ${backward[0]?.seq} stands out of order`);
}

/** One result per send, however often it was repeated. */
function checkRepeats(acks: Ack[], found: Found): void {
  const first = new Map<string, string>();
  for (const { room, client_id, message_id } of acks) {
    const key = `${room} ${client_id}`;
    const known = first.get(key);
    if (known !== undefined && known !== message_id)
      found('duplicated', 1, `${key}: acknowledged as ${known} and ${message_id}`);
    first.set(key, known ?? message_id);
  }
}

export function check(acks: Ack[], streams: Stream[], histories: History[]): Verdict {
  const { verdict, found } = findings();
  verdict.acked = new Set(acks.map(({ room, client_id }) => `${room} ${client_id}`)).size;
  checkRepeats(acks, found);
  for (const history of histories) {
    const mine = acks.filter(({ room }) => room === history.room);
    checkHistory(history, mine, found);
    for (const stream of streams.filter(({ room }) => room === history.room)) {
      const messages = messagesOf(stream.events);
      verdict.delivered += messages.length;
      checkStream(stream, history.last_seq, found);
      checkOnce(`${stream.observer} in ${stream.room}`, messages, found);
      checkAcks(`${stream.observer} in ${stream.room}`, mine, messages, found);
      checkSame(stream, history, found);
    }
  }
  return verdict;
}

/**
 * Checks the order of frames on one connection: each seq follows the last, except for one step back
 * to `from + 1` when live frames came before the server had read the resume.
 * @returns a description of the fault, or undefined.
 */
export function checkConnection(from: number, seqs: number[], resumed: boolean): string | undefined {
  let steps = 0;
  for (const [i, seq] of seqs.entries()) {
    const expected = i === 0 ? from + 1 : (seqs[i - 1] ?? 0) + 1;
    if (seq === expected) continue;
    const early = i === 0 && seq > from;
    const back = i > 0 && seq === from + 1;
    if (!early && !back) return `${seq} where ${expected} was due`;
    if (back && ++steps > 1) return `went back to ${seq} more than once`;
  }
  if (resumed && steps === 0 && seqs.length > 0 && seqs[0] !== from + 1) return `the replay of ${from + 1} never came`;
  return undefined;
}
