// Passwords that are made only of words that everybody tries first at this product, and of digits:
// `chatapi2026`, `Summer2026!`, `2025-winter`, the user's own name with a number.

const PRODUCT = ['chatapi', 'chatapp', 'chat'];
const TIMES = [
  ...['spring', 'summer', 'autumn', 'fall', 'winter'],
  ...['frühling', 'sommer', 'herbst', 'printemps', 'automne', 'hiver'],
  ...['primavera', 'verano', 'otoño', 'invierno', 'estate', 'autunno', 'inverno'],
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august'],
  ...['september', 'october', 'november', 'december'],
  ...['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
];
const WORDS = [...PRODUCT, ...TIMES];
/** A year, a date or a counter. */
const MAX_DIGITS = 8;

const LETTER_OF: Record<string, string> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/**
 * In lower case, letters and digits only; digits between letters are the letters that they stand
 * for.
 */
const folded = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/(?<=\p{L})[013457@$!](?=\p{L})/gu, (sign) => LETTER_OF[sign] as string)
    .replace(/[^\p{L}\p{N}]+/gu, '');

/** @param about names of the user. */
export function isContextPattern(password: string, about: string[]): boolean {
  let rest = folded(password);
  const own = about.map(folded).filter((name) => name.length >= 3);
  // The longest first, so that `chat` leaves no `api` behind.
  const words = [...WORDS, ...own].sort((a, b) => b.length - a.length);
  const before = rest.length;
  for (const word of words) rest = rest.replaceAll(word, '');
  return rest.length < before && rest.length <= MAX_DIGITS && /^\d*$/.test(rest);
}
