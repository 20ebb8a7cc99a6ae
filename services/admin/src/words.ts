// The word filter belongs to message, which applies it; admins change it here, on record.
import type { Call } from '@chatapi/kit';
import { onRecord } from './audit.ts';
import type { Context } from './context.ts';

export interface FilteredWord {
  word: string;
  action: 'block' | 'mask';
}

interface WordList {
  words: FilteredWord[];
  revision: number;
  updated_at: string;
}

const PATH = '/internal/word-filter';

export const showWords = async (ctx: Context, { request_id }: Call<any, any, any>): Promise<WordList> =>
  await ctx.message.call<WordList>('GET', PATH, { request_id });

export async function replaceWords(ctx: Context, call: Call<any, any, { words: FilteredWord[] }>): Promise<WordList> {
  const { body, request_id } = call;
  const act = { action: 'word_filter.replace', target_id: 'word-filter', details: { words: body.words } };
  return await onRecord(ctx, call, act, () => ctx.message.call<WordList>('PUT', PATH, { body, request_id }));
}
