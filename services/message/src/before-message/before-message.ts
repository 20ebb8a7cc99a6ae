// Asks the installation's hook before a message or an edit is taken, through the integration
// service.
import { AppError, type Custom, type Log, type Metrics, newCustom, parse, unavailable } from '@chatapi/kit';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import type { ServiceClient } from '@chatapi/kit/rpc';
import Joi from 'joi';
import { content } from '../content-field.ts';
import { createAskBatches, type HookDraft, type HookResult } from './ask-batches.ts';
import { createCircuit } from './circuit.ts';
import { createHookMetrics } from './hook-metrics.ts';
import type { Hook, HookState } from './hook-store.ts';
import { openKnownHook } from './known-hook.ts';

/** What is replaced, as a message may have it. */
interface Replacement {
  content?: string;
  custom?: Custom;
}

type Verdict = { kind: 'accept' } | ({ kind: 'replace' } & Replacement) | { kind: 'refuse'; error: AppError };

export interface BeforeMessage {
  asksFor(roomId: string): boolean;
  /** Never throws: `on_failure` decides when there is no answer. */
  ask(draft: HookDraft): Promise<Verdict>;
  replace(state: HookState): Promise<void>;
  close(): Promise<void>;
}

/** For the way to integration and back, beside the time that the receiver has. */
const WAY_MS = 250;

interface Options {
  db: Knex;
  reads: PipelinedPool;
  integration: Pick<ServiceClient, 'call'>;
  log: Log;
  metrics: Metrics;
}

const ACCEPT: Verdict = { kind: 'accept' };
const replacement = Joi.object<Replacement>({ content: content(), custom: newCustom() });

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

/** @returns undefined for what no message can have. */
function replaced({ attachments }: HookDraft, { content, custom }: Replacement): Verdict | undefined {
  try {
    const read = parse(replacement, { content, custom }, 'json');
    return read.content === '' && attachments.length === 0 ? undefined : { kind: 'replace', ...read };
  } catch {
    return undefined;
  }
}

function verdictOf(draft: HookDraft, result: HookResult): Verdict | undefined {
  if (result.action === 'reject') return rejected(result.message);
  if (result.action === 'accept' || (result.content === undefined && result.custom === undefined)) return ACCEPT;
  return replaced(draft, result);
}

const NAMES = { accept: 'accepted', replace: 'replaced', refuse: 'rejected' } as const;

export async function openBeforeMessage({ integration, metrics, ...options }: Options): Promise<BeforeMessage> {
  const { log } = options;
  const circuit = createCircuit();
  const count = createHookMetrics(metrics, circuit);
  const known = await openKnownHook(options, circuit.reset);

  const batches = createAskBatches(async (messages) => {
    const { revision, hook } = known.now();
    const asked = { body: { revision, messages }, timeoutMs: (hook?.timeout_ms ?? 0) + WAY_MS };
    try {
      const { results } = await integration.call<{ results: HookResult[] }>('POST', '/internal/before-message', asked);
      circuit.succeeded();
      return results;
    } catch (error) {
      circuit.failed();
      log.debug({ err: String((error as AppError).cause ?? error) }, 'the hook before messages failed');
      throw error;
    }
  });

  return {
    asksFor: known.asksFor,
    async ask(draft) {
      const { hook } = known.now();
      if (hook === null) return ACCEPT;
      if (!circuit.closed()) {
        count('not_asked');
        return withoutAnswer(hook);
      }
      const result = await batches.ask(draft);
      const verdict = result && verdictOf(draft, result);
      count(verdict === undefined ? 'failed' : NAMES[verdict.kind]);
      return verdict ?? withoutAnswer(hook);
    },
    replace: known.replace,
    close: known.close,
  };
}
