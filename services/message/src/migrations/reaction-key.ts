/**
 * SQL: the key of an emoji as `emojiKey` makes it, without variation selectors, and without the
 * invisible and combining characters that older versions let follow it. Flags of regions end with
 * tag characters.
 */
export const reactionKey = (emoji: string): string => {
  const key = `translate(${emoji}, chr(65038) || chr(65039), '')`;
  const tail = String.raw`'[\u0300-\u036F\u180B-\u180D\u200B-\u200F\u2060-\u2064\uFE00-\uFE0D\U000E0000-\U000E0FFF]+$'`;
  return `case when starts_with(${emoji}, chr(127988)) then ${key} else regexp_replace(${key}, ${tail}, '') end`;
};
