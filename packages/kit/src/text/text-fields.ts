// Joi schemas of texts that are shown to other users. Accepted text is inert in `innerHTML`
// (markup.ts) and otherwise exactly as sent.
import Joi from 'joi';
import { isVisible } from './fold.ts';
import { cleanText } from './markup.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for
const CONTROL_OR_BIDI = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\u061c\ufeff]/;

const codePoints = (text: string): number => {
  let n = 0;
  for (const _ of text) n++;
  return n;
};

export interface TextLimits {
  /** In code points, counted after cleaning, so that markup alone does not count. */
  min?: number;
  /** In code points, counted as sent, so that long text is refused before cleaning. */
  max: number;
  /**
   * For names: control and bidirectional characters are refused, and what no reader can see. The
   * empty string passes unless `min` is set.
   */
  singleLine?: boolean;
}

/** A validation error with `{{#label}}` and these words. */
export const invalid = (h: Joi.CustomHelpers, words: string): Joi.ErrorReport =>
  h.message({ custom: `{{#label}} ${words}` });

interface CountedSchema extends Joi.StringSchema {
  characters(max: number): Joi.StringSchema;
}

/** A code point has at most two UTF-16 units, so longer text is refused without counting. */
const isWithin = (value: string, max: number): boolean =>
  value.length <= max || (value.length <= 2 * max && codePoints(value) <= max);

const extended = Joi.extend({
  type: 'string',
  base: Joi.string(),
  messages: { 'string.characters': '{{#label}} must have at most {{#max}} characters' },
  rules: {
    characters: {
      method(this: { $_addRule(rule: object): unknown }, max: number) {
        return this.$_addRule({ name: 'characters', args: { max } });
      },
      args: ['max'],
      validate: (value: string, h: Joi.CustomHelpers, { max }: { max: number }) =>
        isWithin(value, max) ? value : h.error('string.characters', { max }),
      // JSON Schema counts code points too.
      jsonSchema: (rule: { args: { max: number } }, schema: object) => ({ ...schema, maxLength: rule.args.max }),
    },
  },
} as unknown as Joi.Extension) as { string(): CountedSchema };

/** A string of at most `max` code points. */
export const characters = (max: number): Joi.StringSchema => extended.string().characters(max);

/** A cleaned text field. Lone surrogates are refused: PostgreSQL could not store them. */
export function text({ min = 0, max, singleLine = false }: TextLimits): Joi.StringSchema {
  // An allowed value skips the checks below, so '' is allowed only where `min` is 0.
  const base = min === 0 ? characters(max).allow('') : characters(max);
  return base.custom((value: string, h) => {
    // Already refused.
    if (!isWithin(value, max)) return value;
    if (!value.isWellFormed()) return invalid(h, 'is not well-formed Unicode');
    if (singleLine && CONTROL_OR_BIDI.test(value))
      return invalid(h, 'must not contain control or direction characters');
    const cleaned = cleanText(value);
    if (singleLine && cleaned !== '' && !isVisible(cleaned)) return invalid(h, 'must have a visible character');
    return min > 0 && codePoints(cleaned) < min ? invalid(h, `must have at least ${min} characters`) : cleaned;
  });
}
