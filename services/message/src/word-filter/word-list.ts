// The instance's copy of the word filter, for sends and edits. It is read at start and polled, so
// that a change applies on all instances within a second. Sends are judged in
// `sending/send-body.ts`, edits in `messages/edit-delete.ts`.
import { type AppError, every, invalidField, type Log } from '@chatapi/kit';
import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import { compile, type FilteredWord, type Judge } from './word-matcher.ts';
import { newerWords, readWords, replaceWords, type WordList } from './word-store.ts';

export interface WordFilter {
  judge: Judge;
  replace(words: FilteredWord[]): Promise<WordList>;
  close(): Promise<void>;
}

const POLL_MS = 500;

export async function createWordFilter(db: Knex, reads: PipelinedPool, log: Log): Promise<WordFilter> {
  let now = await readWords(db);
  let judge = compile(now.words);
  // Responses may arrive out of order: the newest revision stays.
  const take = (list: WordList | undefined): void => {
    if (list === undefined || list.revision <= now.revision) return;
    now = list;
    judge = compile(list.words);
  };
  const polling = every(
    POLL_MS,
    async () => take(await newerWords(reads, now.revision)),
    (err) => log.debug({ err: err.message }, 'polling the word filter failed; will retry'),
  );
  return {
    judge: (text) => judge(text),
    async replace(words) {
      const list = await replaceWords(db, words);
      take(list);
      return list;
    },
    close: polling.close,
  };
}

export const blockedError = (): AppError => invalidField('content', 'content contains a word that is not allowed here');
