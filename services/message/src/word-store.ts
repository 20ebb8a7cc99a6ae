import type { Knex } from '@chatapi/kit';
import type { FilteredWord } from './word-filter.ts';

export interface WordList {
  revision: number;
  words: FilteredWord[];
  updated_at: Date;
}

export const readWords = async (db: Knex): Promise<WordList> =>
  (await db('word_filter').first('revision', 'words', 'updated_at')) as WordList;

/** Nothing, when there is none newer than `revision`. */
export const newerWords = async (db: Knex, revision: number): Promise<WordList | undefined> =>
  await db('word_filter').where('revision', '>', revision).first('revision', 'words', 'updated_at');

export async function replaceWords(db: Knex, words: FilteredWord[]): Promise<WordList> {
  const [row] = await db('word_filter').update(
    { words: JSON.stringify(words), revision: db.raw('revision + 1'), updated_at: db.raw('clock_timestamp()') },
    ['revision', 'words', 'updated_at'],
  );
  return row as WordList;
}
