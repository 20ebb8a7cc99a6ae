// The word filter's inner door: admin's is the one that the world sees.
import { type Route, route, say } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from './context.ts';
import { type FilteredWord, isFilterable, sameWord } from './word-filter.ts';
import { readWords } from './word-store.ts';

const MOST_WORDS = 5000;

const word = Joi.object<FilteredWord>({
  word: Joi.string()
    .max(64)
    .custom((value: string, h) =>
      value.isWellFormed() && isFilterable(value) ? value : say(h, 'must hold a letter or a digit'),
    )
    .required(),
  action: Joi.string<FilteredWord['action']>().valid('block', 'mask').required(),
});
const list = Joi.object<{ words: FilteredWord[] }>({
  words: Joi.array().items(word).max(MOST_WORDS).unique(sameWord).required(),
});
const who = 'service' as const;

export const wordRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/internal/word-filter',
    summary: 'The word filter in force',
    who,
    rule: (ctx: Context) => readWords(ctx.db),
  }),
  route({
    method: 'put',
    path: '/internal/word-filter',
    summary: 'Replace the word filter, everywhere within a second',
    who,
    body: list,
    rule: (ctx: Context, { body }) => ctx.words.replace(body.words),
  }),
];
