// The words of a text, as the index stores them and as a query asks for them. Everything that is no
// letter or digit separates words, so paths, addresses and versions are found by their parts. Text
// of scripts without spaces becomes pairs of characters, so it is found by any piece of it.
import { fold, UNSPACED } from '@chatapi/kit';

/** Longer words are equal if they begin alike. PostgreSQL takes 2,046 bytes. */
const MAX_WORD = 100;

const ASCII = /^[\0-\x7f]*$/;
const ASCII_WORD = /[a-z0-9]+/g;
const WORD = new RegExp(`(${UNSPACED}+)|[[\\p{L}\\p{M}\\p{N}]--${UNSPACED}]+|\\p{Extended_Pictographic}`, 'gv');

export interface Words {
  /** A word of its own, at one position. */
  word(text: string): void;
  /** Characters of a script without spaces, each at a position of its own. */
  run(text: string): void;
}

const cut = (word: string): string => (word.length > MAX_WORD ? [...word].slice(0, MAX_WORD).join('') : word);

/** Reports the folded words of a text in their order. */
export function readWords(text: string, words: Words): void {
  const folded = fold(text);
  if (ASCII.test(folded)) {
    for (const word of folded.match(ASCII_WORD) ?? []) words.word(cut(word));
    return;
  }
  for (const [found, run] of folded.matchAll(WORD)) run === undefined ? words.word(cut(found)) : words.run(run);
}

/** Length of the character at `at`, in UTF-16 units. */
const lengthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

/** The characters of a run with their next one, the last one alone. */
export function pairsOf(run: string): string[] {
  const pairs: string[] = [];
  for (let at = 0; at < run.length; ) {
    const next = at + lengthAt(run, at);
    pairs.push(run.slice(at, next + lengthAt(run, next)));
    at = next;
  }
  return pairs;
}
