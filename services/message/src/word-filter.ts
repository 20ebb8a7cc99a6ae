// Owns: what the word filter does to a text. A list is compiled once; judging costs one pass over the text's words.
// Whole words, whatever case, width or composition they are written in; scripts that put no spaces between words are searched as they are.
export interface FilteredWord {
  word: string;
  action: 'block' | 'mask';
}

export interface Judgement {
  /** With what is masked as asterisks. */
  text: string;
  blocked: boolean;
}

export type Judge = (text: string) => Judgement;

interface Entry {
  words: string[];
  action: FilteredWord['action'];
}
interface Span {
  start: number;
  end: number;
  action: FilteredWord['action'];
}

// Format characters (soft hyphen, zero-width joiners) stand in words unseen: they don't hide one.
const WORD = /[\p{L}\p{N}\p{M}\p{Cf}]+/gu;
const FORMAT = /\p{Cf}/gu;
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

// Up, then down: ß and SS, σ and ς become one.
const fold = (word: string): string => word.replace(FORMAT, '').normalize('NFKC').toUpperCase().toLowerCase();

/** The folded words of a text, with where they stand. */
const wordsOf = (text: string): { word: string; start: number; end: number }[] =>
  [...text.matchAll(WORD)]
    .map((found) => ({ word: fold(found[0]), start: found.index, end: found.index + found[0].length }))
    .filter(({ word }) => word !== '');

/** What can't be found in any text can't be filtered. */
export const isFilterable = (word: string): boolean => wordsOf(word).length > 0;

/** The same word, however it is written. */
export const sameWord = (a: FilteredWord, b: FilteredWord): boolean =>
  wordsOf(a.word)
    .map(({ word }) => word)
    .join(' ') ===
  wordsOf(b.word)
    .map(({ word }) => word)
    .join(' ');

function spaced(entries: FilteredWord[]): (text: string) => Span[] {
  const byFirst = new Map<string, Entry[]>();
  for (const { word, action } of entries) {
    const words = wordsOf(word).map((one) => one.word);
    const first = words[0] as string;
    byFirst.set(first, [...(byFirst.get(first) ?? []), { words, action }]);
  }
  return (text) => {
    const found = wordsOf(text);
    return found.flatMap(({ word, start }, i) =>
      (byFirst.get(word) ?? [])
        .filter(({ words }) => words.every((one, k) => found[i + k]?.word === one))
        .map(({ words, action }) => ({ start, end: found[i + words.length - 1]?.end as number, action })),
    );
  };
}

function unspaced(entries: FilteredWord[]): (text: string) => Span[] {
  const patterns = entries.map(({ word, action }) => ({ pattern: new RegExp(RegExp.escape(word), 'giu'), action }));
  return (text) =>
    patterns.flatMap(({ pattern, action }) =>
      [...text.matchAll(pattern)].map((found) => ({ start: found.index, end: found.index + found[0].length, action })),
    );
}

function mask(text: string, spans: Span[]): string {
  let out = '';
  let at = 0;
  for (const { start, end } of spans.sort((a, b) => a.start - b.start)) {
    if (end <= at) continue;
    out += text.slice(at, Math.max(at, start)) + text.slice(Math.max(at, start), end).replace(/\S/gu, '*');
    at = end;
  }
  return out + text.slice(at);
}

export function compile(list: FilteredWord[]): Judge {
  if (list.length === 0) return (text) => ({ text, blocked: false });
  const searches = [
    spaced(list.filter(({ word }) => !UNSPACED.test(word))),
    unspaced(list.filter(({ word }) => UNSPACED.test(word))),
  ];
  return (text) => {
    const spans = searches.flatMap((search) => search(text));
    if (spans.length === 0) return { text, blocked: false };
    return { text: mask(text, spans), blocked: spans.some(({ action }) => action === 'block') };
  };
}
