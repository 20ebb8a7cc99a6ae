import type { Knex, PipelinedPool } from '@chatapi/kit/data';
import type { FilteredWord } from './word-matcher.ts';

export interface WordList {
  revision: number;
  words: FilteredWord[];
  updated_at: Date;
}

export const readWords = async (db: Knex): Promise<WordList> =>
  (await db('word_filter').first('revision', 'words', 'updated_at')) as WordList;

/** @returns undefined when no revision is newer. */
export const newerWords = async (reads: PipelinedPool, revision: number): Promise<WordList | undefined> => {
  const text = 'select revision, words, updated_at from word_filter where revision > $1';
  return (await reads.query<WordList>({ name: 'newer-words', text, values: [revision] })).rows[0];
};

export async function replaceWords(db: Knex, words: FilteredWord[]): Promise<WordList> {
  const [row] = await db('word_filter').update(
    { words: JSON.stringify(words), revision: db.raw('revision + 1'), updated_at: db.raw('clock_timestamp()') },
    ['revision', 'words', 'updated_at'],
  );
  return row as WordList;
}
