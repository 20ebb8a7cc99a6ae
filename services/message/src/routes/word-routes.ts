// Internal routes of the word filter. The public ones are in admin.
import { invalid, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { type FilteredWord, isFilterable, type Judgement, wordKey } from '../word-filter/word-matcher.ts';
import { readWords } from '../word-filter/word-store.ts';

const MAX_WORDS = 5000;

const word = Joi.object<FilteredWord>({
  word: Joi.string()
    .max(64)
    .custom((value: string, h) =>
      value.isWellFormed() && isFilterable(value) ? value : invalid(h, 'must contain a letter or a digit'),
    )
    // Avoids the custom check for words that are too long.
    .prefs({ abortEarly: true })
    .required(),
  action: Joi.string<FilteredWord['action']>().valid('block', 'mask').required(),
});
/** Compares keys in a set: Joi's `unique` with a comparator takes quadratic time. */
const hasDuplicates = (words: FilteredWord[]): boolean =>
  new Set(words.map(({ word }) => wordKey(word))).size < words.length;

const list = Joi.object<{ words: FilteredWord[] }>({
  words: Joi.array()
    .items(word)
    .max(MAX_WORDS)
    .prefs({ abortEarly: true })
    .custom((words: FilteredWord[], h) => (hasDuplicates(words) ? invalid(h, 'must not contain a word twice') : words))
    .required(),
});

/** As long as a message may be. */
const trial = Joi.object<{ text: string }>({ text: Joi.string().allow('').max(4000).required() });

export const wordRoutes: Route<Context>[] = [
  route({
    method: 'get',
    path: '/internal/word-filter',
    summary: 'Get the word filter',
    who: ['admin'],
    rule: (ctx: Context) => readWords(ctx.db),
  }),
  route({
    method: 'put',
    path: '/internal/word-filter',
    summary: 'Replace the word filter; applies on all instances within a second',
    who: ['admin'],
    body: list,
    rule: (ctx: Context, { body }) => ctx.words.replace(body.words),
  }),
  route({
    method: 'post',
    path: '/internal/word-filter/try',
    summary: 'Judge a text as that of a message',
    who: ['admin'],
    body: trial,
    rule: async (ctx: Context, { body }): Promise<Judgement> => ctx.words.judge(body.text),
  }),
];
