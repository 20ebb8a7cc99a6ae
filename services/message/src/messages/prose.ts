// The part of a text in which names mention people: not in code, not in addresses of pages.
import { UNSPACED } from '@chatapi/kit';

/** Backticks, and blank lines, which end a paragraph. */
const TICKS_OR_PARAGRAPH = /(?<ticks>`+)|\n[ \t]*\n/g;
/** From this length on, backticks enclose a block of any number of paragraphs. */
const BLOCK = 3;

interface Ticks {
  start: number;
  end: number;
  /** Equal for runs that may enclose code. */
  kind: string;
}

function ticksIn(text: string): Ticks[] {
  let paragraph = 0;
  const found: Ticks[] = [];
  for (const { 0: run, index, groups } of text.matchAll(TICKS_OR_PARAGRAPH)) {
    if (groups?.ticks === undefined) paragraph++;
    else {
      const kind = run.length < BLOCK ? `${run.length} in ${paragraph}` : String(run.length);
      found.push({ start: index, end: index + run.length, kind });
    }
  }
  return found;
}

/** Code between backticks that are closed by as many. */
function withoutCode(text: string): string {
  const ticks = ticksIn(text);
  if (ticks.length < 2) return text;
  const places = new Map<string, number[]>();
  for (const [i, { kind }] of [...ticks.entries()].reverse()) {
    const list = places.get(kind);
    list === undefined ? places.set(kind, [i]) : list.push(i);
  }
  let out = '';
  let from = 0;
  for (let i = 0; i < ticks.length; i++) {
    const open = ticks[i] as Ticks;
    const later = places.get(open.kind) as number[];
    while (later.length > 0 && (later.at(-1) as number) <= i) later.pop();
    const closing = later.at(-1);
    if (closing === undefined) continue;
    out += `${text.slice(from, open.start)} `;
    from = (ticks[closing] as Ticks).end;
    i = closing;
  }
  return out + text.slice(from);
}

/** A `)` belongs to an address if its `(` does. */
const ASIDE = '\\([^\\s\\(\\)]*\\)';
/** Scripts without spaces go on in an address, or are the text behind it. */
const WITHIN = `${UNSPACED}+(?=[\\/?#&=]|\\.[A-Za-z0-9])`;
const REST = `(?:${ASIDE}|${WITHIN}|(?!${UNSPACED})[^\\s\\(\\)<>"\`“”‘’«»])*`;
// At most 32 letters: without a limit, the search would be quadratic.
const SCHEME = '(?<![A-Za-z0-9+.\\-])[A-Za-z][A-Za-z0-9+.\\-]{0,31}:\\/\\/';
const SPACED = `[[\\p{L}\\p{N}]--${UNSPACED}]`;
/** A host with a dot, without a scheme, and the beginning of a path. */
const HOST = `(?<![\\p{L}\\p{N}.@_\\-])(?:[${SPACED}_\\-]+\\.)+[A-Za-z][A-Za-z0-9\\-]+(?::\\d+)?[\\/?#]`;
const ADDRESS = new RegExp(`(?:${SCHEME}|${HOST})${REST}`, 'gv');

/** The text with blanks in place of closed code and of URLs. Linear in its length. */
export const proseOf = (content: string): string => withoutCode(content).replace(ADDRESS, ' ');
