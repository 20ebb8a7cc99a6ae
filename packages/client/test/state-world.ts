// The stores' core over a machine and a model of the server. Steps control the network between
// them: frames and pages overtake each other, get lost and come twice.
import type { AnyEvent } from '../src/events.ts';
import type { Machine } from '../src/machine.ts';
import { type Message, newMessage } from '../src/models.ts';
import { type Change, type LocalChange, LocalChanges } from '../src/state/local-changes.ts';
import { mergePatch } from '../src/state/merge-patch.ts';
import type { LoggedEvent } from '../src/state/row.ts';
import { type Ask, type AskKind, type HistoryPage, Timeline } from '../src/state/timeline.ts';
import { newMachine, outgoing } from './model.ts';
import { type Call, ME, ROOM, StateServer } from './state-server.ts';

export type StateStep =
  | { act: 'post'; by: number; reply: number | undefined }
  | { act: 'change'; by: number; call: 'edit' | 'delete' | 'added' | 'removed'; message: number; emoji: number }
  | { act: 'mine'; call: 'edit' | 'delete' | 'added' | 'removed'; message: number; emoji: number }
  | { act: 'ask'; kind: AskKind; seq: number }
  | { act: 'cut'; read: number }
  | { act: 'send' | 'join' | 'forget' | 'flush' | 'read' | 'deliver' | 'double' | 'events' }
  /** The server answers the oldest open request; the answer of the oldest answered one arrives. */
  | { act: 'serve' | 'arrive' | 'fail' };

const EMOJIS = ['👍', '🎉'];

interface Request {
  ask: Ask;
  timeline: Timeline;
  pages: HistoryPage[];
  served: HistoryPage | undefined;
  confirmed: readonly LocalChange[];
}

interface Pending {
  call: Call;
  change: LocalChange;
  answer?: { message: Message | undefined } | 'refused';
}

const editOf = ({ content, custom: patch }: Call & { do: 'edit' }): Change => ({
  kind: 'edit',
  edited: ({ custom }) => ({ content, custom: mergePatch(custom, patch) }),
});

export class StateWorld {
  readonly server: StateServer;
  readonly machine: Machine = newMachine();
  readonly main = new Timeline();
  readonly thread = new Timeline('m1');
  readonly local = new LocalChanges();
  sends = 0;
  #requests: Request[] = [];
  #calls: Pending[] = [];
  #queue: AnyEvent[] = [];
  #now = 0;

  constructor(tellsCounts: boolean) {
    this.server = new StateServer(tellsCounts);
    for (let i = 0; i < 60; i++) this.server.post(i % 3 === 0 ? ME : 'usr_1', i % 4 === 1 ? 'm1' : null);
    for (const part of [this.main, this.thread, this.local]) part.me = ME;
    this.#want();
  }

  get timelines(): [Timeline, string | undefined][] {
    return [
      [this.main, undefined],
      [this.thread, 'm1'],
    ];
  }

  do(step: StateStep): void {
    this.#now += 500;
    this.#act(step);
    this.#takeOutputs();
    this.local.settle(
      (id) => this.main.rows.find(({ message }) => message.id === id)?.message,
      (seq) => this.main.shows(seq) && this.thread.shows(seq),
    );
    this.#want();
  }

  /** Runs until nothing changes any more. */
  settle(): void {
    const rounds = 40 + 6 * (this.server.log.length + this.sends);
    for (let i = 0; i < rounds; i++)
      for (const act of ['deliver', 'flush', 'read', 'events', 'serve', 'arrive'] as const) this.do({ act });
  }

  /** Messages as the app sees them. */
  view(timeline: Timeline): Message[] {
    return timeline.rows.map(({ message }) => this.local.over(message));
  }

  #act(step: StateStep): void {
    const { server } = this;
    if (step.act === 'post') server.post(`usr_${step.by}`, step.reply === undefined ? null : this.#id(step.reply));
    else if (step.act === 'change') server.call(`usr_${step.by}`, this.#call(step));
    else if (step.act === 'mine') this.#mine(this.#call(step));
    else if (step.act === 'send') this.#send();
    else if (step.act === 'ask') this.#ask(this.main, step.kind, step.seq);
    else if (step.act === 'cut') this.#cut(step.read);
    else if (step.act === 'join') server.join();
    else if (step.act === 'forget') server.first = server.log.length + 1;
    else if (step.act === 'read') server.readOne();
    else if (step.act === 'double') server.double();
    else if (step.act === 'flush') for (const text of this.machine.frames(this.#now)) server.take(text);
    else if (step.act === 'deliver') this.#deliver();
    else if (step.act === 'events') this.#applyEvents();
    else if (step.act === 'serve') this.#serve(false);
    else if (step.act === 'fail') this.#serve(true);
    else this.#arrive();
  }

  #id(number: number): string {
    const ids = [...this.server.messages.keys()];
    return ids[(ids.length - 1 - number + ids.length) % ids.length] as string;
  }

  #call({ call, message, emoji }: { call: string; message: number; emoji: number }): Call {
    const id = this.#id(message);
    const custom = { [`key ${emoji}`]: this.#now % 3 === 0 ? null : this.#now };
    if (call === 'edit') return { do: 'edit', id, content: `edit ${this.#now}`, custom };
    if (call === 'delete') return { do: 'delete', id };
    return { do: 'react', id, emoji: EMOJIS[emoji] as string, action: call as 'added' };
  }

  #mine(call: Call): void {
    const { id } = call;
    const change =
      call.do === 'react'
        ? this.local.change(id, { kind: 'react', emoji: call.emoji, action: call.action })
        : this.local.change(id, call.do === 'edit' ? editOf(call) : { kind: 'delete' });
    this.#calls.push({ call, change });
  }

  #send(): void {
    const client_id = `c${this.sends++}`;
    const place = { id: client_id, chat_id: ROOM, seq: Number.MAX_SAFE_INTEGER, sender_id: ME, created_at: '' };
    this.local.add({ message: newMessage({ ...place, content: '', client_id }), client_id, state: 'sending' });
    const send = outgoing(client_id, { message: 'm', chat_id: ROOM });
    const resolve = send.resolve;
    send.resolve = (ack) => {
      resolve(ack);
      const known = this.local.find(client_id)?.message;
      if (known)
        this.local.patch(client_id, { state: 'sent', message: { ...known, id: ack.message_id, seq: ack.seq } });
      for (const [timeline] of this.timelines) timeline.committed(ack.seq);
    };
    this.machine.send(send);
  }

  #ask(timeline: Timeline, kind: AskKind, seq = 0): void {
    const ask = timeline.ask(kind, seq);
    if (ask !== undefined) this.#requests.push({ ask, timeline, pages: [], served: undefined, confirmed: [] });
  }

  #want(): void {
    for (const [timeline] of this.timelines) {
      const { wants } = timeline;
      if (wants !== undefined) this.#ask(timeline, wants);
    }
  }

  #serve(fails: boolean): void {
    const request = this.#requests.find(({ served }) => served === undefined);
    if (request !== undefined) {
      const query = request.timeline.next(request.ask, request.pages);
      if (fails) this.#requests = this.#requests.filter((other) => other !== request);
      if (fails) request.timeline.failed(request.ask);
      request.confirmed = this.local.confirmed();
      if (query && !fails)
        request.served = this.server.page(query, request.timeline === this.thread ? 'm1' : undefined);
    }
    const pending = this.#calls.find(({ answer }) => answer === undefined);
    if (pending === undefined) return;
    pending.answer = fails ? 'refused' : { message: this.server.call(ME, pending.call) };
  }

  #arrive(): void {
    const pending = this.#calls.find(({ answer }) => answer !== undefined);
    this.#calls = this.#calls.filter((other) => other !== pending);
    if (pending?.answer === 'refused') this.local.undo(pending.change);
    else if (pending?.answer) this.local.confirm(pending.change, pending.answer.message);
    const request = this.#requests.find(({ served }) => served !== undefined);
    if (request?.served === undefined) return;
    request.pages.push(request.served);
    request.served = undefined;
    this.local.shownBy(request.pages.at(-1)?.items ?? [], request.confirmed);
    const { ask, timeline, pages } = request;
    if (timeline.next(ask, pages) !== undefined) return;
    this.#requests = this.#requests.filter((other) => other !== request);
    if (timeline.answer(ask, pages) === 'late') throw new Error('the model’s pages are never late');
  }

  #deliver(): void {
    if (!this.server.connected) {
      this.machine.connecting();
      this.server.connect();
    }
    const frame = this.server.deliver();
    if (frame !== undefined) this.machine.received(frame, this.#now);
  }

  #cut(read: number): void {
    if (!this.server.connected) return;
    this.server.cut(read);
    this.machine.lost(this.#now, 1006, 'cut');
  }

  #takeOutputs(): void {
    this.#queue.push(...this.machine.takeEvents());
    for (const room of this.machine.takeToFill()) this.#fill(room);
    for (const [timeline] of this.timelines) {
      const follow = timeline.takeFollow();
      if (follow !== undefined) this.machine.views.follow(ROOM, follow);
    }
  }

  /** Like `fill` of history.ts, in one step. */
  #fill(room: string): void {
    const { views } = this.machine;
    const from = views.positions.get(room) ?? 0;
    const { items, last_seq } = this.server.page({ after_seq: from, limit: Number.MAX_SAFE_INTEGER });
    for (const message of items)
      this.#queue.push({ type: 'message', data: { type: 'message', ...message }, fromHistory: true });
    views.filledTo(room, last_seq);
    views.filled(room);
    const data = { chat_id: room, missed: items.length, first_seq: from + 1, last_seq };
    this.#queue.push({ type: 'resync', data });
  }

  #applyEvents(): void {
    const events = this.#queue;
    this.#queue = [];
    for (const event of events) this.#apply(event);
  }

  #apply({ type, data, fromHistory }: AnyEvent): void {
    if (type === 'state' && data.to === 'connected') for (const [timeline] of this.timelines) timeline.reconnected();
    if (type === 'resync') {
      for (const [timeline] of this.timelines) timeline.resync(data.last_seq);
      this.local.resync(this.timelines.every(([timeline]) => timeline.wants === undefined));
    }
    if (!('chat_id' in data) || !('seq' in data)) return;
    const event = data as LoggedEvent;
    this.local.event(event);
    if (fromHistory !== true) for (const [timeline] of this.timelines) timeline.event(event);
  }
}

/** For comparisons: which emoji was used first is not known after some were taken back. */
export const plain = (message: Message): object => ({
  ...message,
  custom: message.custom,
  reactions: message.reactions
    .map((one) => ({ ...one, user_ids: one.user_ids.toSorted() }))
    .toSorted((one, other) => (one.emoji < other.emoji ? -1 : 1)),
});
