// What a person types into a search, as a tsquery. Words are all wanted, in any order; `"a phrase"`
// and words that are glued together (`src/index.ts`) in this order; `-word` is unwanted. The last
// word matches as a prefix, since it may not be typed to its end.
import { pairsOf, readWords } from './words.ts';

const QUOTES = /[“”„‟«»＂]/g;
/** A phrase, perhaps without its end, or what stands between blanks and quotes. */
const PIECE = /(?<minus>(?<![^\s"])[-−](?=["\p{L}\p{N}]))?(?:"(?<phrase>[^"]*)(?<closed>"?)|(?<glued>[^\s"]+))/gu;

/** Lexemes at positions relative to the first. */
interface Term {
  at: number;
  lexeme: string;
  isPrefix: boolean;
  isWord: boolean;
}

function termsOf(text: string): Term[] {
  const terms: Term[] = [];
  let at = 0;
  readWords(text, {
    word: (lexeme) => void terms.push({ at: at++, lexeme, isPrefix: false, isWord: true }),
    run(run) {
      const pairs = pairsOf(run);
      // One character alone is the beginning of a pair, or the end of a run.
      if (pairs.length === 1) terms.push({ at, lexeme: run, isPrefix: true, isWord: false });
      pairs.slice(0, -1).forEach((lexeme, i) => {
        terms.push({ at: at + i, lexeme, isPrefix: false, isWord: false });
      });
      at += pairs.length;
    },
  });
  return terms;
}

const written = ({ lexeme, isPrefix }: Term): string => `'${lexeme}'${isPrefix ? ':*' : ''}`;

const phrase = (terms: Term[]): string =>
  terms.map((term, i) => (i === 0 ? '' : `<${term.at - (terms[i - 1] as Term).at}>`) + written(term)).join('');

/** @returns undefined when nothing is asked for: no word, or only unwanted ones. */
export function searchQuery(q: string): string | undefined {
  const pieces = [...q.replace(QUOTES, '"').matchAll(PIECE)]
    .map(({ groups = {} }) => ({
      isWanted: groups.minus === undefined,
      isComplete: groups.closed === '"',
      terms: termsOf(groups.phrase ?? groups.glued ?? ''),
    }))
    .filter(({ terms }) => terms.length > 0);
  if (!pieces.some(({ isWanted }) => isWanted)) return undefined;
  const last = pieces.at(-1);
  if (last?.isWanted && !last.isComplete) {
    const term = last.terms.at(-1) as Term;
    term.isPrefix ||= term.isWord;
  }
  return pieces.map(({ isWanted, terms }) => `${isWanted ? '' : '!'}(${phrase(terms)})`).join(' & ');
}
