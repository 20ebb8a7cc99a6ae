const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const MAX_BYTES = 32;
const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3)/u;

/** One emoji: a single grapheme that begins as a picture, a flag or a keycap. */
export const isEmoji = (text: string): boolean =>
  text.isWellFormed() &&
  Buffer.byteLength(text) <= MAX_BYTES &&
  EMOJI.test(text) &&
  [...graphemes.segment(text)].length === 1;
