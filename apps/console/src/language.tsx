// The language of the page, and how it writes times and numbers.
import type { Language } from '@chatapi/page/language';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Texts } from './texts.ts';

export interface Words {
  language: Language;
  texts: Texts;
}

export const WordsContext = createContext<Words | undefined>(undefined);
export const useWords = (): Words => useContext(WordsContext) as Words;
export const useTexts = (): Texts => useWords().texts;

export const numberIn = (language: Language, value: number): string => new Intl.NumberFormat(language).format(value);

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

export function sizeIn(language: Language, bytes: number): string {
  const at = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const options = { style: 'unit', unit: UNITS[at], unitDisplay: 'short', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, options).format(bytes / 1000 ** at);
}

export const timeIn = (language: Language, at: string | number): string =>
  new Date(at).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });

const STEPS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** Such as `5 min. ago`. */
export function agoIn(language: Language, at: string): string {
  const seconds = (Date.parse(at) - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  const [unit, length] = STEPS.find(([, one]) => Math.abs(seconds) >= one) ?? (['second', 1] as const);
  return format.format(Math.trunc(seconds / length), unit);
}

/** Such as `3 days`. */
export function durationIn(language: Language, seconds: number): string {
  const [unit, length] = STEPS.find(([, one]) => seconds >= one) ?? (['second', 1] as const);
  const options = { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(language, options).format(Math.trunc(seconds / length));
}
