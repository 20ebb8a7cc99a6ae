// Asks the installation's hook before a message or an edit is taken, through the integration
// service. Each instance has a copy of the hook's settings, read at start and polled, so that a
// change holds on all of them within a second.
import { AppError, Counter, every, type Log, type Metrics, parse, showGauge, unavailable } from '@chatapi/kit';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import Joi from 'joi';
import { content } from '../content-field.ts';
import { createAskBatches, type HookDraft, type HookResult } from './ask-batches.ts';
import { createCircuit } from './circuit.ts';
import { type Hook, type HookState, newerHook, readHook, saveHook } from './hook-store.ts';

type Verdict = { kind: 'accept' } | { kind: 'replace'; content: string } | { kind: 'refuse'; error: AppError };

export interface BeforeMessage {
  asksFor(roomId: string): boolean;
  /** Never throws: `on_failure` decides when there is no answer. */
  ask(draft: HookDraft): Promise<Verdict>;
  replace(state: HookState): Promise<void>;
  close(): Promise<void>;
}

const POLL_MS = 500;
/** For the way to integration and back, beside the time that the receiver has. */
const WAY_MS = 250;
const RESULTS = ['accepted', 'replaced', 'rejected', 'failed', 'not_asked'] as const;

interface Options {
  db: Knex;
  reads: PipelinedPool;
  integration: Pick<ServiceClient, 'call'>;
  log: Log;
  metrics: Metrics;
}

const ACCEPT: Verdict = { kind: 'accept' };
const replacement = Joi.object<{ content: string }>({ content: content().required() });

const rejected = (message = 'This message is not accepted here'): Verdict => ({
  kind: 'refuse',
  error: new AppError('AUTHORIZATION_ERROR', message, { details: { reason: 'rejected_by_hook' } }),
});

const HOOK_UNAVAILABLE = 'hook_unavailable';

function withoutAnswer({ on_failure }: Hook): Verdict {
  if (on_failure === 'accept') return ACCEPT;
  const { message, code } = unavailable('The hook that decides on messages');
  return { kind: 'refuse', error: new AppError(code, message, { details: { reason: HOOK_UNAVAILABLE } }) };
}

/** @returns undefined for a text that no message can have. */
function replaced({ attachments }: HookDraft, text: string): Verdict | undefined {
  try {
    const cleaned = parse(replacement, { content: text }, 'json').content;
    return cleaned === '' && attachments.length === 0 ? undefined : { kind: 'replace', content: cleaned };
  } catch {
    return undefined;
  }
}

function verdictOf(draft: HookDraft, result: HookResult): Verdict | undefined {
  if (result.action === 'reject') return rejected(result.message);
  return result.action === 'replace' && result.content !== undefined ? replaced(draft, result.content) : ACCEPT;
}

const NAMES = { accept: 'accepted', replace: 'replaced', refuse: 'rejected' } as const;

export async function openBeforeMessage({ db, reads, integration, log, metrics }: Options): Promise<BeforeMessage> {
  let now = await readHook(db);
  let rooms: Set<string> | undefined;
  const circuit = createCircuit();
  const asked = new Counter({
    name: 'chatapi_before_message_total',
    help: 'Messages and edits of which the hook before messages was, or should have been, asked',
    labelNames: ['result'],
    registers: [metrics],
  });
  for (const result of RESULTS) asked.inc({ result }, 0);
  showGauge(metrics, {
    name: 'chatapi_before_message_failing',
    help: '1: the hook before messages failed at least five times in a row',
    read: (set) => set(circuit.isFailing() ? 1 : 0),
  });

  // Responses may arrive out of order: the newest revision stays.
  function take(state: HookState | undefined): void {
    if (state === undefined || state.revision <= now.revision) return;
    now = state;
    circuit.reset();
    noteRooms();
  }
  function noteRooms(): void {
    rooms = now.hook?.rooms == null ? undefined : new Set(now.hook.rooms);
  }
  noteRooms();
  const poll = async (): Promise<void> => take(await newerHook(reads, now.revision));
  const polling = every(POLL_MS, poll, (err) =>
    log.debug({ err: err.message }, 'polling the hook before messages failed; will retry'),
  );

  const batches = createAskBatches(async (messages) => {
    const { revision, hook } = now;
    const timeoutMs = (hook?.timeout_ms ?? 0) + WAY_MS;
    try {
      const body = { revision, messages };
      const { results } = await integration.call<{ results: HookResult[] }>('POST', '/internal/before-message', {
        body,
        timeoutMs,
      });
      circuit.succeeded();
      return results;
    } catch (error) {
      circuit.failed();
      log.debug({ err: String((error as AppError).cause ?? error) }, 'the hook before messages failed');
      throw error;
    }
  });

  return {
    asksFor: (roomId) => now.hook !== null && (rooms === undefined || rooms.has(roomId)),
    async ask(draft) {
      const { hook } = now;
      if (hook === null) return ACCEPT;
      if (!circuit.closed()) {
        asked.inc({ result: 'not_asked' });
        return withoutAnswer(hook);
      }
      const result = await batches.ask(draft);
      const verdict = result && verdictOf(draft, result);
      asked.inc({ result: verdict === undefined ? 'failed' : NAMES[verdict.kind] });
      return verdict ?? withoutAnswer(hook);
    },
    async replace(state) {
      await saveHook(db, state);
      take(state);
    },
    close: polling.close,
  };
}
