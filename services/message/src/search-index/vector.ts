// The column `messages.search`: a tsvector made here, so that the text of a message and the text of
// a query are folded and cut into words by the same code.
import { pairsOf, readWords } from './words.ts';

/** Version of what `searchVector` makes. A migration that raises it resets `search_version`. */
export const SEARCH_VERSION = 1;

/** PostgreSQL's highest position. Words after it are found, but not as parts of a phrase. */
const MAX_POSITION = 16_383;

const DIGIT = /\p{N}/u;
const PARTS = /\p{N}+|\P{N}+/gu;
const ONLY_DIGITS = /^\p{N}+$/u;

/** The text form of the tsvector of a message. */
export function searchVector(content: string): string {
  const positions = new Map<string, string>();
  let at = 0;
  const add = (lexeme: string): void => {
    const before = positions.get(lexeme);
    if (at > MAX_POSITION) positions.set(lexeme, before ?? '');
    else positions.set(lexeme, before ? `${before},${at}` : String(at));
  };
  readWords(content, {
    word(word) {
      at++;
      add(word);
      // `v1` is also found by `1`, so that a version is found without its `v`.
      if (DIGIT.test(word) && !ONLY_DIGITS.test(word)) for (const part of word.match(PARTS) ?? []) add(part);
    },
    run(run) {
      for (const pair of pairsOf(run)) {
        at++;
        add(pair);
      }
    },
  });
  // Lexemes have only letters, marks, digits and emojis, so nothing needs quotes.
  let vector = '';
  for (const [lexeme, places] of positions) vector += places === '' ? ` ${lexeme}` : ` ${lexeme}:${places}`;
  return vector.slice(1);
}
