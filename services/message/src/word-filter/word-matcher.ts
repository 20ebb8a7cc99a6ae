// Matches whole words whose folds are equal: case, width, composition, accents and invisible
// characters make no difference. Scripts without spaces between words are searched as substrings.
// A list is compiled once; a text takes one pass over its words.
import { fold, foldWithOffsets, UNSPACED } from '@chatapi/kit';

export interface FilteredWord {
  word: string;
  action: 'block' | 'mask';
}

export interface Judgement {
  /** Masked words are replaced by asterisks. */
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

// Invisible format characters (soft hyphen, zero-width joiners) inside a word do not hide it. An
// apostrophe ends a word, also where Unicode has it as a letter.
const WORD = /[[\p{L}\p{N}\p{M}\p{Cf}]--[\u02b9\u02bb-\u02bd]]+/gv;
/** Korean puts spaces between words; whole words are compared. */
const IN_UNSPACED = new RegExp(`[${UNSPACED}--\\p{scx=Hang}]`, 'v');

/** The folded words of a text with their offsets. */
const wordsOf = (text: string): { word: string; start: number; end: number }[] =>
  [...text.matchAll(WORD)]
    .map((found) => ({ word: fold(found[0]), start: found.index, end: found.index + found[0].length }))
    .filter(({ word }) => word !== '');

/** False for a word without letters and digits: it would match nothing. */
export const isFilterable = (word: string): boolean => wordsOf(word).length > 0;

/** Equal for all spellings that the filter treats as the same word. */
export const wordKey = (text: string): string =>
  wordsOf(text)
    .map(({ word }) => word)
    .join(' ');

function searchWords(entries: FilteredWord[]): (text: string) => Span[] {
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

/** Places of `piece` in `text` that do not overlap. */
function placesOf(piece: string, text: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(piece); at >= 0; at = text.indexOf(piece, at + piece.length)) places.push(at);
  return places;
}

function searchUnspaced(entries: FilteredWord[]): (text: string) => Span[] {
  const pieces = entries.map(({ word, action }) => ({ piece: fold(word), action }));
  return (text) => {
    if (pieces.length === 0 || !IN_UNSPACED.test(text)) return [];
    const folded = foldWithOffsets(text);
    return pieces.flatMap(({ piece, action }) =>
      placesOf(piece, folded.text).map((at) => ({
        start: folded.starts[at] as number,
        end: folded.ends[at + piece.length - 1] as number,
        action,
      })),
    );
  };
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

/** After folding: half-width kana are letters of another script before. */
const isUnspaced = (word: string): boolean => IN_UNSPACED.test(fold(word));

export function compile(list: FilteredWord[]): Judge {
  if (list.length === 0) return (text) => ({ text, blocked: false });
  const searches = [
    searchWords(list.filter(({ word }) => !isUnspaced(word))),
    searchUnspaced(list.filter(({ word }) => isUnspaced(word))),
  ];
  return (text) => {
    const spans = searches.flatMap((search) => search(text));
    if (spans.length === 0) return { text, blocked: false };
    return { text: mask(text, spans), blocked: spans.some(({ action }) => action === 'block') };
  };
}
