// Who is mentioned by `@username`. Behind a letter or digit, `@` belongs to an address; scripts
// without spaces write names directly behind other words.
import { UNSPACED } from '@chatapi/kit';
import { proseOf } from './prose.ts';

const MIN_NAME = 3;
const MAX_NAME = 32;
const MAX_MENTIONS = 50;
/** Of a message: names with many dots have many readings. */
const MAX_UNKNOWN = 100;

const SPACED = `[[\\p{L}\\p{N}]--${UNSPACED}]`;
const AT_NAME = new RegExp(
  `(?<!${SPACED}[\\p{M}\\p{Cf}]*)@(?<name>[A-Za-z0-9_.\\-]{${MIN_NAME},${MAX_NAME + 1}})(?<goesOn>${SPACED}|\\p{M})?`,
  'gv',
);
const CUT = /[_.-]/;

/** Every name that the text can mean: all of it, and what ends before or with a `_`, `.` or `-`. */
function readingsOf(text: string, isWhole: boolean): string[] {
  const readings: string[] = [];
  for (let length = Math.min(text.length, MAX_NAME); length >= MIN_NAME; length--) {
    const isEnd = isWhole && length === text.length;
    if (isEnd || CUT.test(text.charAt(length - 1)) || CUT.test(text.charAt(length)))
      readings.push(text.slice(0, length).toLowerCase());
  }
  return readings;
}

/** Per `@name` in the text, the usernames that it can mean, in lower case, longest first. */
export function mentionedNames(content: string): string[][] {
  if (!content.includes('@')) return [];
  return [...proseOf(content).matchAll(AT_NAME)].slice(0, MAX_MENTIONS).flatMap(({ groups }) => {
    const readings = readingsOf(groups?.name as string, groups?.goesOn === undefined);
    return readings.length === 0 ? [] : [readings];
  });
}

export interface Mentions {
  /** Distinct ids of the mentioned users, in order. */
  mentions: string[];
  /** Names that would have been taken if somebody had them; null: none. */
  unknown_names: string[] | null;
}

/** The longest name that somebody has is meant. `known`: user ids by lower-case username. */
export function mentionsOf(names: string[][], known: Map<string, string>): Mentions {
  const mentions = new Set<string>();
  const unknown = new Set<string>();
  for (const readings of names) {
    const at = readings.findIndex((name) => known.has(name));
    for (const name of at === -1 ? readings : readings.slice(0, at)) unknown.add(name);
    if (at !== -1) mentions.add(known.get(readings[at] as string) as string);
  }
  return { mentions: [...mentions], unknown_names: unknown.size === 0 ? null : [...unknown].slice(0, MAX_UNKNOWN) };
}
