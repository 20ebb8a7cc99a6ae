// Owns: what becomes of text that other people's screens will show. The result is inert when assigned to `innerHTML`.
// Guarantee: text without tags comes back exactly as sent; no trimming, no normalising, no escaping.
import Joi from 'joi';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const CONTROL_OR_BIDI = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\u061c\ufeff]/;

// Elements that act, or change how the rest is parsed, without any attribute.
const ACTS =
  /^(?:script|style|iframe|object|embed|svg|math|base|meta|link|template|noscript|textarea|title|xmp|plaintext|frame|frameset|noembed|noframes)$/i;
const NAME = /^<\/?([a-zA-Z][a-zA-Z0-9]*)/;
const TAG_START = /^<(?:\/?[a-zA-Z]|!--|[!?][a-zA-Z[])/;

/** Index behind the tag that starts at `from`, as HTML's tokenizer sees it (`>` in a quoted value ends nothing); -1: no end. */
function tagEnd(text: string, from: number): number {
  if (text.startsWith('<!--', from)) {
    const end = text.indexOf('-->', from + 4);
    return end < 0 ? text.length : end + 3;
  }
  let quote = '';
  let afterEquals = false;
  for (let i = from + 1; i < text.length; i++) {
    const c = text[i] as string;
    if (quote !== '') quote = c === quote ? '' : quote;
    else if (c === '>') return i + 1;
    else if (afterEquals && (c === '"' || c === "'")) quote = c;
    afterEquals = c === '=' || (afterEquals && /\s/.test(c));
  }
  return text.indexOf('>', from) + 1 || -1;
}

/** A tag without an end is harmless prose (`if a <b`) unless the HTML of somebody's page that follows would make it act. */
function actsUnfinished(rest: string): boolean {
  return rest.includes('=') || ACTS.test(NAME.exec(rest)?.[1] ?? '');
}

/** Removes markup that could run or render, in one pass over the text. */
export function cleanText(text: string): string {
  const source = text.replace(CONTROL, '');
  let out = '';
  let from = 0;
  for (let at = source.indexOf('<'); at >= 0; at = source.indexOf('<', from)) {
    out += source.slice(from, at);
    const end = TAG_START.test(source.slice(at, at + 4)) ? tagEnd(source, at) : at;
    if (end === at) {
      out += '<';
      from = at + 1;
    } else if (end > 0) {
      // What stands before a removed tag must not become a tag with what stands behind it.
      out = out.replace(/(?:<[/!?-]*)+$/, '');
      from = end;
    } else {
      const rest = source.slice(at);
      return actsUnfinished(rest) ? out : out + rest;
    }
  }
  return out + source.slice(from);
}

const codePoints = (text: string): number => {
  let n = 0;
  for (const _ of text) n++;
  return n;
};

export interface TextLimits {
  /** In code points, counted after cleaning. */
  min?: number;
  max: number;
  /** Names on one line: control and bidirectional characters are refused, not removed. */
  singleLine?: boolean;
}

/** A field's own words for what is wrong: `{{#label}}` and these. */
export const say = (h: Joi.CustomHelpers, words: string): Joi.ErrorReport =>
  h.message({ custom: `{{#label}} ${words}` });

/** A cleaned text field. Lone surrogates are refused: PostgreSQL could not store them. */
export function text({ min = 0, max, singleLine = false }: TextLimits): Joi.StringSchema {
  // An allowed value skips the checks below, so '' is allowed only where it is one.
  const base = min === 0 ? Joi.string().allow('') : Joi.string();
  return base.max(max * 4 + 1000).custom((value: string, h) => {
    if (!value.isWellFormed()) return say(h, 'is not well-formed Unicode');
    if (singleLine && CONTROL_OR_BIDI.test(value)) return say(h, 'must not contain control or direction characters');
    const cleaned = cleanText(value);
    const length = codePoints(cleaned);
    if (length > max) return say(h, `must have at most ${max} characters`);
    return length < min ? say(h, `must have at least ${min} characters`) : cleaned;
  });
}
