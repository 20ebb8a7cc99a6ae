// Questions to whoever acts, one at a time, shown by question-dialog.tsx.
import { Value } from '@chatapi/page/value';

export interface Field {
  name: string;
  label: string;
  kind?: 'text' | 'area' | 'select' | 'time' | 'number' | 'checks';
  options?: readonly (readonly [value: string, label: string])[];
  value?: string;
  hint?: string;
  isRequired?: boolean;
  maxLength?: number;
}

export interface Question {
  title: string;
  text?: string;
  fields?: Field[];
  /** The word on the button. */
  yes: string;
  isDanger?: boolean;
  /** It destroys something: the password is asked too. */
  needsPassword?: boolean;
  /** To be copied. */
  secret?: string;
  /** It only tells something: there is nothing to cancel. */
  isNotice?: boolean;
}

export interface Asked extends Question {
  answer(answers: FormData | undefined): void;
}

export const question = new Value<Asked | undefined>(undefined);

/** @returns what was filled in; undefined when it was cancelled. */
export function ask(what: Question): Promise<FormData | undefined> {
  question.get()?.answer(undefined);
  return new Promise((resolve) => {
    question.set({
      ...what,
      answer: (answers) => {
        question.set(undefined);
        resolve(answers);
      },
    });
  });
}

export const textIn = (answers: FormData, name: string): string => String(answers.get(name) ?? '').trim();

/** RFC 3339, of a field of kind `time`. */
export function timeIn(answers: FormData, name: string): string | undefined {
  const text = textIn(answers, name);
  return text === '' ? undefined : new Date(text).toISOString();
}

/** One per line, or between commas. */
export const listIn = (answers: FormData, name: string): string[] =>
  textIn(answers, name)
    .split(/[\n,]/)
    .map((one) => one.trim())
    .filter(Boolean);
