// Owns: which passwords are accepted: 8–72 bytes, well-formed, and hard enough to guess.
import { AppError } from '@chatapi/kit';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english, translations } from '@zxcvbn-ts/language-en';
import { MAX_BYTES } from './hasher.ts';

const MIN_BYTES = 8;
const MIN_SCORE = 2;

// Judging runs on the event loop. Eight letter substitutions instead of a hundred: 72 bytes made for it took 290 ms, now 35.
const judge = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  translations,
  l33tMaxSubstitutions: 8,
});

const refused = (path: string, message: string, more: object = {}): AppError =>
  new AppError('VALIDATION_ERROR', 'Invalid input', { details: { fields: [{ path, message }], ...more } });

/** @throws VALIDATION_ERROR; for a weak one with `advice` {warning, suggestions, score} in `details`. `about`: what belongs to the user and is easily guessed. */
export function checkPassword(path: string, password: string, about: string[]): void {
  const bytes = Buffer.byteLength(password);
  if (!password.isWellFormed()) throw refused(path, `${path} is not well-formed Unicode`);
  if (bytes < MIN_BYTES || bytes > MAX_BYTES)
    throw refused(path, `${path} must have ${MIN_BYTES} to ${MAX_BYTES} bytes in UTF-8; it has ${bytes}`);
  const { score, feedback } = judge.check(password, about);
  // The library finds the user's own words in a plain object, which does not know `__proto__`.
  const isOwn = about.some((word) => word.toLowerCase() === password.toLowerCase());
  if (score >= MIN_SCORE && !isOwn) return;
  const { warning, suggestions } = feedback;
  const message = [`${path} is too easy to guess.`, warning].filter(Boolean).join(' ');
  throw refused(path, message, {
    advice: { score, warning, suggestions },
  });
}
