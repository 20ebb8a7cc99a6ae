// The one judge of passwords: of users, and of the first admin's in the settings. Accepted ones
// have 8 to 72 bytes, are well-formed Unicode and are not easy to guess.
import { invalidFields } from '@chatapi/kit';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english, translations } from '@zxcvbn-ts/language-en';
import type { CustomHelpers, CustomValidator } from 'joi';
import { isContextPattern } from './guessable-words.ts';
import { MAX_PASSWORD_BYTES } from './password-hasher.ts';

const MIN_BYTES = 8;
const MIN_SCORE = 2;
const MAX_ABOUT_LENGTH = 254;

// The check blocks the event loop. With 8 letter substitutions instead of 100, the worst known
// input of 72 bytes takes 35 ms instead of 290 ms.
const strength = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  translations,
  l33tMaxSubstitutions: 8,
});

interface Weakness {
  /** Continues a sentence that begins with the name of the field. */
  message: string;
  /** For the client, besides the fields. */
  details?: { advice: { score: number; warning: string | null; suggestions: string[] } };
}

const CONTEXT_ADVICE = {
  score: 0,
  warning: 'Names of this product, seasons, months and days with a date are tried first.',
  suggestions: ['Use several uncommon words.'],
};

const tooEasy = (advice: NonNullable<Weakness['details']>['advice']): Weakness => ({
  message: ['is too easy to guess.', advice.warning].filter(Boolean).join(' '),
  details: { advice },
});

/** @param about names of the user, which are easy to guess. */
function weaknessOf(password: string, about: string[]): Weakness | undefined {
  const bytes = Buffer.byteLength(password);
  if (!password.isWellFormed()) return { message: 'is not well-formed Unicode' };
  if (bytes < MIN_BYTES || bytes > MAX_PASSWORD_BYTES)
    return { message: `must have ${MIN_BYTES} to ${MAX_PASSWORD_BYTES} bytes in UTF-8; it has ${bytes}` };
  if (isContextPattern(password, about)) return tooEasy(CONTEXT_ADVICE);
  const { score, feedback } = strength.check(password, about);
  // The library looks up `about` in a plain object, where it misses words like `__proto__`.
  const isOwn = about.some((word) => word.toLowerCase() === password.toLowerCase());
  return score >= MIN_SCORE && !isOwn ? undefined : tooEasy({ score, ...feedback });
}

/**
 * @param path name of the input field, for the error
 * @param about names of the user, which are easy to guess
 * @throws VALIDATION_ERROR; for a weak password `details.advice` has {warning, suggestions, score}
 */
export function checkPassword(path: string, password: string, about: string[]): void {
  const weakness = weaknessOf(password, about);
  if (weakness !== undefined) throw invalidFields([{ path, message: `${path} ${weakness.message}` }], weakness.details);
}

/**
 * The same as a rule of a schema, so that a weak password is named together with other faults.
 * @param about fields of the same object that hold names of the user. They may be invalid.
 */
export const strongPassword =
  (...about: string[]): CustomValidator<string> =>
  (value: string, h: CustomHelpers) => {
    const [object] = h.state.ancestors as [Record<string, unknown>];
    const names = about.map((field) => object[field]).filter((name) => typeof name === 'string');
    const words = names.flatMap((name) => [name, name.split('@', 1)[0] as string]);
    const weakness = weaknessOf(
      value,
      words.map((word) => word.slice(0, MAX_ABOUT_LENGTH)),
    );
    if (weakness === undefined) return value;
    return h.message({ custom: `{{#label}} ${weakness.message}` }, { details: weakness.details });
  };
