// Each emoji has one key, whatever its spelling: variation selectors choose between text and
// picture, and a keyboard may send them or not.
const SELECTORS = /[\uFE0E\uFE0F]/g;
const RGI = /^\p{RGI_Emoji}$/v;
/** Shown as text unless U+FE0F follows; in a keycap it follows the digit. */
const TEXT_BY_DEFAULT = /[0-9#*](?=\u20E3)|(?![0-9#*])\p{Emoji}(?<!\p{Emoji_Presentation})(?!\p{Emoji_Modifier})/gv;
/** The longest emoji has 10 code points; selectors may double them. */
const MAX_LENGTH = 64;

/** The emoji as Unicode recommends to write it: with U+FE0F exactly where it is necessary. */
const qualified = (key: string): string => key.replace(TEXT_BY_DEFAULT, '$&\uFE0F');

/**
 * The key of an emoji that Unicode recommends for interchange: without variation selectors.
 * @returns undefined for any other text.
 */
export function emojiKey(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const key = text.replace(SELECTORS, '');
  return RGI.test(qualified(key)) ? key : undefined;
}

/** The emoji of a key, for clients. A key of an older version that is no emoji stays as it is. */
export function emojiOf(key: string): string {
  const emoji = qualified(key);
  return RGI.test(emoji) ? emoji : key;
}
