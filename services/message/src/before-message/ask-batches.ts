// What arrives together is asked together, in a few requests at a time.
import type { Custom } from '@chatapi/kit';
import type { Attachment } from '../log/message.ts';

/** A message or an edit that is asked about. */
export interface HookDraft {
  action: 'send' | 'edit';
  chat_id: string;
  sender: { user_id: string; role: string };
  recipient_id: string | null;
  /** Of an edit. */
  message_id: string | null;
  content: string;
  message_type: string;
  attachments: Omit<Attachment, 'url_expires_at'>[];
  reply_to: string | null;
  client_id: string | null;
  custom?: Custom;
}

/** As integration passes it on. */
export type HookResult =
  | { action: 'accept' }
  | { action: 'reject'; message?: string }
  | { action: 'replace'; content?: string; custom?: Custom };

interface Entry {
  draft: HookDraft;
  since: number;
  resolve(result: HookResult | undefined): void;
}

export interface AskBatches {
  /** @returns undefined: nobody can tell. */
  ask(draft: HookDraft): Promise<HookResult | undefined>;
}

const MAX_PARALLEL = 8;
const MAX_ITEMS = 50;
/** Answers with replacements must fit into the 64 KiB that are read of one. */
const MAX_BYTES = 24 * 1024;
/** For a place among the requests under way. */
const MAX_WAIT_MS = 1000;

/** Of what may be replaced. */
const bytesOf = ({ content, custom }: HookDraft): number =>
  Buffer.byteLength(content) + (custom === undefined ? 0 : Buffer.byteLength(JSON.stringify(custom)));

/** @param send asks about a batch. @returns one result each; throws when there are none. */
export function createAskBatches(send: (drafts: HookDraft[]) => Promise<HookResult[]>): AskBatches {
  let waiting: Entry[] = [];
  let running = 0;
  let scheduled = false;

  function takeBatch(): Entry[] {
    let bytes = 0;
    let n = 0;
    while (n < waiting.length && n < MAX_ITEMS && bytes < MAX_BYTES) bytes += bytesOf((waiting[n++] as Entry).draft);
    return waiting.splice(0, n);
  }

  function giveUpLate(): void {
    const now = performance.now();
    const isLate = ({ since }: Entry): boolean => now - since > MAX_WAIT_MS;
    for (const { resolve } of waiting.filter(isLate)) resolve(undefined);
    waiting = waiting.filter((entry) => !isLate(entry));
  }

  async function askOne(batch: Entry[]): Promise<void> {
    try {
      const results = await send(batch.map(({ draft }) => draft));
      for (const [i, { resolve }] of batch.entries()) resolve(results[i]);
    } catch {
      for (const { resolve } of batch) resolve(undefined);
    }
    running--;
    start();
  }

  function start(): void {
    scheduled = false;
    giveUpLate();
    while (running < MAX_PARALLEL && waiting.length > 0) {
      running++;
      void askOne(takeBatch());
    }
  }

  return {
    ask: (draft) =>
      new Promise((resolve) => {
        waiting.push({ draft, since: performance.now(), resolve });
        if (scheduled || running >= MAX_PARALLEL) return;
        scheduled = true;
        setImmediate(start);
      }),
  };
}
