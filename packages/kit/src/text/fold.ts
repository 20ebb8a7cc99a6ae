// The one fold of texts that are compared: searches for messages, rooms and people, and the word
// filter. Texts with equal folds are the same to a reader: case of any script, compatibility forms,
// accents, apostrophes and invisible characters make no difference. Linear in the text's length.

/** Raise it when the fold changes, and let a migration mark what is stored as not folded. */
export const FOLD_VERSION = 1;

const ASCII = /^[\0-\x7f]*$/;
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}]+/gu;
/** Typed for an apostrophe. They decompose to a space and an accent. */
const ACUTE = /[\u00b4\u1ffd]/g;
const APOSTROPHE = /[\u02b9\u02bb-\u02bd\u2018\u2019\u201b\u2032]/g;
/** The subscript of ᾳ, which becomes a letter in upper case. */
const IOTA = /\u0345/g;
/**
 * Marks that only modify a letter. Not those that are letters of their own: vowels of Indic and
 * Southeast Asian scripts, and the voiced marks of kana.
 */
const ACCENT =
  /[[\p{M}&&[\p{Script=Inherited}\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}]]--[\u3099\u309a]]+/gv;
/** Letters with a stroke or a ligature, which do not decompose. */
const LETTERS: Record<string, string> = {
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  æ: 'ae',
  œ: 'oe',
  þ: 'th',
  ς: 'σ',
};
const LETTER = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g');

// More marks on a letter than any language uses (UAX #15: 30). Normalization sorts each run in
// quadratic time.
const MANY_MARKS = /(\p{M}{30})\p{M}+/gu;

// ẞ has no upper case but ß, whose upper case is SS.
const foldCase = (text: string): string => text.toLowerCase().toUpperCase().toLowerCase();

/** Equal for texts that a reader takes for the same. Folding twice is folding once. */
export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  const plain = text
    .replace(INVISIBLE, '')
    .replace(MANY_MARKS, '$1')
    .replace(ACUTE, "'")
    .normalize('NFKD')
    .replace(APOSTROPHE, "'")
    .replace(IOTA, 'ι')
    .replace(ACCENT, '');
  return foldCase(plain)
    .replace(LETTER, (letter) => LETTERS[letter] as string)
    .normalize('NFC');
}

/** A character with what is composed with it: marks, invisible ones, parts of Hangul and kana. */
const CLUSTER = /.[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}\u1160-\u11ff\uff9e\uff9f]*/gsu;

/** A folded text, and for each of its UTF-16 units where it comes from in the text. */
export interface FoldedText {
  text: string;
  starts: number[];
  ends: number[];
}

export function foldWithOffsets(text: string): FoldedText {
  const starts: number[] = [];
  const ends: number[] = [];
  let folded = '';
  for (const { 0: cluster, index } of text.matchAll(CLUSTER)) {
    folded += fold(cluster);
    while (starts.length < folded.length) {
      starts.push(index);
      ends.push(index + cluster.length);
    }
  }
  return { text: folded, starts, ends };
}

/**
 * A class (flag `v`) of letters of scripts that put no spaces between words, and of Korean, which
 * appends endings to them.
 */
export const UNSPACED =
  '[[\\p{scx=Hani}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Thai}\\p{scx=Laoo}\\p{scx=Khmr}\\p{scx=Mymr}\\p{scx=Hang}]&&[\\p{L}\\p{M}\\p{N}]]';

const VISIBLE = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{M}\p{Cf}\u2800\u{1d159}]/u;

/** Whether a reader sees anything of a name. A mark alone shows nothing of its own. */
export const isVisible = (name: string): boolean => VISIBLE.test(name);
