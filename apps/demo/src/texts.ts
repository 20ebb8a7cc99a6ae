// The words of the page in each language, loaded when it is wanted.
import type { Language } from '@chatapi/page/language';
import type { Texts } from './texts/texts.ts';

export type { Texts } from './texts/texts.ts';

/** Where they are: set by the build. */
declare const ENGLISH: string;
declare const GERMAN: string;

const LANGUAGES: Record<Language, () => Promise<Texts>> = {
  en: async () => (await import(ENGLISH)).en,
  de: async () => (await import(GERMAN)).de,
};

export const textsIn = (language: Language): Promise<Texts> => LANGUAGES[language]();
