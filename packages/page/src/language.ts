// The languages of our pages.

export type Language = 'en' | 'de';

/** The first that a visitor prefers, of those that there are. */
export const languageOf = (tags: readonly string[]): Language =>
  tags.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag): tag is Language => tag === 'en' || tag === 'de') ?? 'en';
