// The language of the page, for all components.
import type { Language } from '@chatapi/page/language';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Texts } from './texts.ts';

export interface Words {
  language: Language;
  texts: Texts;
}

export const WordsContext = createContext<Words | undefined>(undefined);
const useWords = (): Words => useContext(WordsContext) as Words;
export const useTexts = (): Texts => useWords().texts;
export const useLanguage = (): Language => useWords().language;

const sameDay = (one: Date, other: Date): boolean => one.toDateString() === other.toDateString();

export const timeOf = (language: Language, at: string): string =>
  new Date(at).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

export function dayOf(language: Language, texts: Texts, at: string): string {
  const [day, today] = [new Date(at), new Date()];
  if (sameDay(day, today)) return texts.today;
  if (sameDay(day, new Date(today.getTime() - 86_400_000))) return texts.yesterday;
  return day.toLocaleDateString(language, { weekday: 'long', day: 'numeric', month: 'long' });
}

export const sizeOf = (language: Language, bytes: number): string => {
  const unit = bytes < 1_000_000 ? 'kilobyte' : 'megabyte';
  const value = bytes / (unit === 'kilobyte' ? 1000 : 1_000_000);
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value);
};
