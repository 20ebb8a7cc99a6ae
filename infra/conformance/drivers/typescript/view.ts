// The events of one connection; see PROTOCOL.md, "The view".
import { createHash } from 'node:crypto';
import type { Realtime, RealtimeEvents } from '@chatapi/client';

const DURABLE = [
  'message',
  'message_updated',
  'message_deleted',
  'reaction',
  'member_joined',
  'member_left',
  'room_updated',
] as const;
const MAX_BREAKS = 5;

type Durable = RealtimeEvents[(typeof DURABLE)[number]];

function roomView(first: number, keep: boolean) {
  const digest = createHash('sha256');
  const breaks: [number, number][] = [];
  const entries: unknown[][] = [];
  let last = first - 1;
  return {
    note(event: Durable): void {
      const { seq, type } = event;
      if (seq !== last + 1 && breaks.length < MAX_BREAKS) breaks.push([last, seq]);
      last = seq;
      const id = type === 'message' ? event.id : null;
      if (id !== null) digest.update(`${seq} ${id}\n`);
      if (keep)
        entries.push([
          seq,
          type,
          id,
          'content' in event ? event.content : null,
          'mentions' in event ? (event.mentions ?? null) : null,
          'custom' in event ? (event.custom ?? null) : null,
        ]);
    },
    report: (withEntries: boolean): object => ({
      first,
      last,
      breaks,
      digest: digest.copy().digest('hex'),
      ...(withEntries && keep ? { entries } : {}),
    }),
  };
}

export interface View {
  report(withEntries: boolean): object;
}

export function watch(socket: Realtime, keep: boolean): View {
  const rooms = new Map<string, ReturnType<typeof roomView>>();
  const states: object[] = [];
  const resyncs: string[] = [];
  const errors: string[] = [];
  const told: [string, string, number | string][] = [];
  const note = (event: Durable): void => {
    const room = rooms.get(event.chat_id) ?? roomView(event.seq, keep);
    rooms.set(event.chat_id, room);
    room.note(event);
  };
  for (const kind of DURABLE) socket.on(kind, note);
  socket.on('state', ({ to, code }) => void states.push({ state: to, code: code ?? null }));
  socket.on('resync', ({ chat_id }) => void resyncs.push(chat_id));
  socket.on('typing', ({ type, chat_id, expires_in_ms }) => void told.push([type, chat_id, expires_in_ms]));
  socket.on('read', ({ type, chat_id, read_seq }) => void told.push([type, chat_id, read_seq]));
  socket.on('user_updated', ({ type, user_id, display_name }) => void told.push([type, user_id, display_name]));
  socket.on('error', ({ code }) => void errors.push(code));
  return {
    report: (withEntries) => ({
      state: socket.state,
      states,
      resyncs,
      errors,
      told,
      rooms: Object.fromEntries([...rooms].map(([chat_id, room]) => [chat_id, room.report(withEntries)])),
    }),
  };
}
