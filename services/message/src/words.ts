// Owns: the word filter in force on this instance. Every send and edit is judged by it without asking anybody: the list is read at
// the start, and looked at twice a second, so that a change made anywhere holds everywhere within a second.
import { type AppError, every, invalidField, type Knex, type Log, type Pipes } from '@chatapi/kit';
import { compile, type FilteredWord, type Judge } from './word-filter.ts';
import { newerWords, readWords, replaceWords, type WordList } from './word-store.ts';

export interface Words {
  judge: Judge;
  replace(words: FilteredWord[]): Promise<WordList>;
  close(): Promise<void>;
}

const LOOK_MS = 500;

export async function openWords(db: Knex, reads: Pipes, log: Log): Promise<Words> {
  let now = await readWords(db);
  let judge = compile(now.words);
  // Answers may overtake each other; the newest revision stays.
  const take = (list: WordList | undefined): void => {
    if (list === undefined || list.revision <= now.revision) return;
    now = list;
    judge = compile(list.words);
  };
  const looks = every(
    LOOK_MS,
    async () => take(await newerWords(reads, now.revision)),
    (err) => log.debug({ err: err.message }, 'the word filter is looked at again soon'),
  );
  return {
    judge: (text) => judge(text),
    async replace(words) {
      const list = await replaceWords(db, words);
      take(list);
      return list;
    },
    close: looks.close,
  };
}

export const blockedError = (): AppError => invalidField('content', 'content holds a word that is not allowed here');
