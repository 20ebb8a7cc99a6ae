// Drafts of which the hook before messages is asked. A repeat of a message that was taken is not.
import type { AppError } from '@chatapi/kit';
import type { HookDraft } from '../before-message/ask-batches.ts';
import { orNone } from '../content-field.ts';
import type { Context } from '../context.ts';
import { shownClientId } from '../log/message.ts';
import { blockedError } from '../word-filter/word-list.ts';
import { clientKey } from './idempotency-key.ts';
import { repeated } from './insert-store.ts';
import type { Draft } from './send-body.ts';

type Judged = Draft | AppError;

export const isAsked = (ctx: Context, draft: Judged): draft is Draft =>
  !(draft instanceof Error) && draft.blocked === undefined && ctx.beforeMessage.asksFor(draft.room_id);

const hookDraftOf = ({ room_id, sender, fields }: Draft): HookDraft => ({
  action: 'send',
  chat_id: room_id,
  sender: { user_id: sender.user_id, role: sender.role },
  recipient_id: fields.recipient_id,
  message_id: null,
  content: fields.content,
  message_type: fields.message_type,
  attachments: fields.attachments,
  reply_to: fields.reply_to,
  client_id: shownClientId(fields.client_id) ?? null,
  custom: fields.custom ?? undefined,
});

/** Those that were taken before, which the insert finds. */
async function repeatsAmong(ctx: Context, drafts: Draft[]): Promise<Set<Draft>> {
  const keyed = drafts.filter(({ fields }) => fields.client_id !== null);
  if (keyed.length === 0) return new Set();
  const keys = keyed.map(({ room_id, sender, fields }) => clientKey(room_id, sender.user_id, fields.client_id));
  return new Set((await repeated(ctx.reads, keys)).map((place) => keyed[place - 1] as Draft));
}

/** A new text is judged by the word filter as the first one was. */
async function judged(ctx: Context, draft: Draft): Promise<Judged> {
  const verdict = await ctx.beforeMessage.ask(hookDraftOf(draft));
  if (verdict.kind === 'refuse') return verdict.error;
  if (verdict.kind === 'accept') return draft;
  const { content, custom } = verdict;
  if (custom !== undefined) draft.fields.custom = orNone(custom);
  if (content === undefined) return draft;
  const { text, blocked } = ctx.words.judge(content);
  if (blocked) return blockedError();
  draft.fields.content = text;
  return draft;
}

/** Awaits nothing where nobody is asked. @returns in the same order. */
export async function askHook(ctx: Context, drafts: Judged[]): Promise<Judged[]> {
  const asked = drafts.filter((draft) => isAsked(ctx, draft));
  if (asked.length === 0) return drafts;
  const repeats = await repeatsAmong(ctx, asked);
  return await Promise.all(
    drafts.map((draft) => (isAsked(ctx, draft) && !repeats.has(draft) ? judged(ctx, draft) : draft)),
  );
}
