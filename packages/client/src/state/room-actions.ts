// What the app does in a room: it is shown at once, and taken back where the server refuses it.
import type { ChatApiError } from '../errors.ts';
import { type Message, newMessage } from '../models.ts';
import { later, newId } from '../platform.ts';
import type { Source as FileSource } from '../upload.ts';
import type { Host } from './host.ts';
import type { Change, LocalChanges } from './local-changes.ts';

export interface StateSendInput {
  /** 1–4,000 characters; optional with files. */
  content?: string;
  /** The id of a message. */
  reply_to?: string;
  /** Of the application's own: at most 4 KiB as JSON, and 5 levels. */
  custom?: Record<string, unknown>;
  /** Ids of files that were uploaded before. */
  attachments?: string[];
  /** Files to upload first. */
  files?: readonly { data: FileSource; name?: string }[];
}

interface Draft {
  input: StateSendInput;
  /** Ids of `files`, as far as they are uploaded. */
  uploaded: string[];
  abort: AbortController;
}

/** A confirmed change whose event does not come is forgotten after this. */
const SETTLE_MS = 30_000;

interface ActionsOptions {
  host: Host;
  chatId: string;
  local: LocalChanges;
  /** Called around each change. */
  change(work: () => void): void;
  committed(message: Message): void;
}

export class RoomActions {
  readonly #options: ActionsOptions;
  readonly #drafts = new Map<string, Draft>();

  constructor(options: ActionsOptions) {
    this.#options = options;
  }

  /** @returns the `client_id`, for `retry` and `cancel`. */
  send(input: StateSendInput): string {
    const { host, chatId, local, change } = this.#options;
    const client_id = newId();
    const { content = '', reply_to = null, custom } = input;
    const created_at = new Date().toISOString();
    const place = { id: client_id, chat_id: chatId, seq: Number.MAX_SAFE_INTEGER, sender_id: host.me() ?? '' };
    const message = newMessage({ ...place, content, reply_to, created_at, client_id, custom });
    this.#drafts.set(client_id, { input, uploaded: [], abort: new AbortController() });
    change(() => local.add({ message, client_id, state: 'sending' }));
    void this.#deliver(client_id);
    return client_id;
  }

  /** Sends a failed message again. If it had arrived, it is not sent twice. */
  retry(clientId: string): void {
    if (this.#options.local.find(clientId)?.state === 'failed') void this.#deliver(clientId);
  }

  /** Removes a message that failed, or has not been sent. One in flight may still arrive. */
  cancel(clientId: string): void {
    const { local, change } = this.#options;
    if (local.find(clientId)?.state === 'sent') return;
    this.#drafts.get(clientId)?.abort.abort();
    this.#drafts.delete(clientId);
    change(() => local.remove(clientId));
  }

  /** Shows a change while `call` makes it. Rejects as `call` does. */
  async change(messageId: string, wanted: Change, call: () => Promise<unknown>): Promise<void> {
    const { local, change } = this.#options;
    let made: ReturnType<LocalChanges['change']> | undefined;
    change(() => {
      made = local.change(messageId, wanted);
    });
    const done = made as NonNullable<typeof made>;
    try {
      const message = await call();
      change(() => local.confirm(done, message as Message | undefined));
      later(SETTLE_MS, () => change(() => local.undo(done)));
    } catch (error) {
      change(() => local.undo(done));
      throw error;
    }
  }

  async #deliver(clientId: string): Promise<void> {
    const { host, local, change, committed } = this.#options;
    const draft = this.#drafts.get(clientId);
    if (draft === undefined) return;
    host.retain();
    try {
      await this.#upload(clientId, draft);
      change(() => local.patch(clientId, { state: 'sending', error: undefined, progress: undefined }));
      const message = await this.#sent(clientId, draft);
      this.#drafts.delete(clientId);
      change(() => {
        const { id, seq, created_at } = message;
        const shown = local.find(clientId)?.message;
        if (shown) local.patch(clientId, { state: 'sent', message: { ...shown, id, seq, created_at } });
        committed(message);
      });
    } catch (error) {
      change(() => local.patch(clientId, { state: 'failed', error: error as ChatApiError }));
    } finally {
      host.release();
    }
  }

  #sent(client_id: string, { input, uploaded, abort }: Draft): Promise<Message> {
    const { files: _, attachments = [], ...rest } = input;
    const all = [...attachments, ...uploaded];
    const sent = { client_id, chat_id: this.#options.chatId, ...rest };
    const whole = all.length === 0 ? sent : { ...sent, attachments: all };
    return this.#options.host.connect().send(whole, { signal: abort.signal });
  }

  /** Continues after the last file that was uploaded. */
  async #upload(clientId: string, { input, uploaded, abort }: Draft): Promise<void> {
    const { host, local, change } = this.#options;
    for (const { data, name } of (input.files ?? []).slice(uploaded.length)) {
      const onProgress = (sent: number, total?: number): void =>
        change(() => local.patch(clientId, { state: 'uploading', error: undefined, progress: { sent, total } }));
      const { id } = await host.client.files.upload(data, { name, onProgress, signal: abort.signal });
      uploaded.push(id);
    }
  }
}
