// Finds markup in text as an HTML tokenizer does (html.spec.whatwg.org, 13.2.5, data state), in
// time linear in the length of the text.

export interface Tag {
  /** In lower case. */
  name: string;
  closing: boolean;
  /** Names in lower case, in order. */
  attributes: { name: string; hasValue: boolean }[];
  /** Index after its `>`; -1 when the text ends inside the tag. */
  end: number;
  /** Where an unclosed value starts; the rest of a page would become part of it. */
  openAt?: number;
}

const SPACE = /[\t\n\f\r ]/;
const ENDS_NAME = /[\t\n\f\r />]/g;
const ENDS_ATTRIBUTE = /[\t\n\f\r />=]/g;
const ENDS_VALUE = /[\t\n\f\r >]/g;
const NO_SPACE = /[^\t\n\f\r ]/g;
const ENDS_COMMENT = /--!?>/g;

const LETTER = /[A-Za-z]/;

/**
 * What a `<` starts: a tag, a comment, something that browsers drop up to the next `>`, or nothing.
 */
export function kindAt(text: string, at: number): 'tag' | 'comment' | 'bogus' | undefined {
  const next = text[at + 1] ?? '';
  if (LETTER.test(next)) return 'tag';
  if (next === '?') return 'bogus';
  if (next === '!') return text.startsWith('--', at + 2) ? 'comment' : 'bogus';
  if (next !== '/') return undefined;
  const third = text[at + 2];
  if (third === undefined) return undefined;
  return LETTER.test(third) ? 'tag' : 'bogus';
}

/** Index of the first match from `from`; the text's length when there is none. */
function find(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.exec(text)?.index ?? text.length;
}

/** @returns the index after the comment that starts at `at`; -1 when it has no end. */
export function commentEnd(text: string, at: number): number {
  if (text.startsWith('>', at + 4)) return at + 5;
  if (text.startsWith('->', at + 4)) return at + 6;
  ENDS_COMMENT.lastIndex = at + 4;
  return ENDS_COMMENT.exec(text) === null ? -1 : ENDS_COMMENT.lastIndex;
}

/** Reads the value after a `=`. `end` is the index after it, or -1 when it is unclosed. */
function readValue(text: string, from: number): { hasValue: boolean; start: number; end: number } {
  const start = find(NO_SPACE, text, from);
  const quote = text[start];
  if (quote === undefined) return { hasValue: false, start, end: -1 };
  if (quote !== '"' && quote !== "'") {
    const end = find(ENDS_VALUE, text, start);
    return { hasValue: end > start, start, end };
  }
  const end = text.indexOf(quote, start + 1);
  return end < 0 ? { hasValue: true, start, end } : { hasValue: end > start + 1, start, end: end + 1 };
}

/** Reads the tag whose `<` is at `at`. */
export function readTag(text: string, at: number): Tag {
  const closing = text[at + 1] === '/';
  const from = at + (closing ? 2 : 1);
  let i = find(ENDS_NAME, text, from);
  const tag: Tag = { name: text.slice(from, i).toLowerCase(), closing, attributes: [], end: -1 };
  while (i < text.length) {
    const c = text[i] as string;
    if (c === '>') return { ...tag, end: i + 1 };
    if (c === '/' || SPACE.test(c)) {
      i++;
      continue;
    }
    // A `=` at the start of a name belongs to it.
    const nameEnd = find(ENDS_ATTRIBUTE, text, i + 1);
    const name = text.slice(i, nameEnd).toLowerCase();
    const equals = find(NO_SPACE, text, nameEnd);
    if (text[equals] !== '=') {
      tag.attributes.push({ name, hasValue: false });
      i = nameEnd;
      continue;
    }
    const value = readValue(text, equals + 1);
    tag.attributes.push({ name, hasValue: value.hasValue });
    if (value.end < 0) return { ...tag, openAt: value.start };
    i = value.end;
  }
  return tag;
}
