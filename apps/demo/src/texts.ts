// The words of the page in each language, loaded when it is wanted.
import type { Texts } from './texts/texts.ts';

export type { Texts } from './texts/texts.ts';
export type Language = 'en' | 'de';

const LANGUAGES: Record<Language, () => Promise<Texts>> = {
  en: async () => (await import('./texts/en.ts')).en,
  de: async () => (await import('./texts/de.ts')).de,
};

export const textsIn = (language: Language): Promise<Texts> => LANGUAGES[language]();

export const languageOf = (tags: readonly string[]): Language =>
  (tags.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES) as Language | undefined) ?? 'en';
