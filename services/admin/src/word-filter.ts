// The word filter belongs to the message service, which applies it. Admins change it here, audited.
import type { RequestContext } from '@chatapi/kit';
import { withAudit } from './audit.ts';
import type { Context } from './context.ts';

export interface FilteredWord {
  word: string;
  action: 'block' | 'mask';
}

export interface WordList {
  words: FilteredWord[];
  revision: number;
  updated_at: string;
}

/** Masked words are asterisks. */
export interface Judgement {
  text: string;
  blocked: boolean;
}

const PATH = '/internal/word-filter';

export const showWords = async (ctx: Context, { request_id }: RequestContext<any, any, any>): Promise<WordList> =>
  await ctx.message.call<WordList>('GET', PATH, { request_id });

/** Changes nothing, so it is not audited. */
export const tryWords = async (
  ctx: Context,
  { body, request_id }: RequestContext<any, any, { text: string }>,
): Promise<Judgement> => await ctx.message.call<Judgement>('POST', '/internal/word-filter/try', { body, request_id });

export async function replaceWords(
  ctx: Context,
  call: RequestContext<any, any, { words: FilteredWord[] }>,
): Promise<WordList> {
  const { body, request_id } = call;
  const act = { action: 'word_filter.replace', target_id: 'word-filter', details: { words: body.words } };
  return await withAudit(ctx, call, act, () => ctx.message.call<WordList>('PUT', PATH, { body, request_id }));
}
