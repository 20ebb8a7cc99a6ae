import { expect } from 'chai';
import { type Person, roomOf } from '../src/accounts.ts';
import { scenario } from '../src/scenario.ts';

const ROOMS = 7;

async function pagesOf(reader: Person, limit: number, between: () => Promise<unknown>): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const { ids, next_cursor } = await reader.call('rooms', { limit, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(ids);
    cursor = next_cursor ?? undefined;
    await between();
  } while (cursor !== undefined);
  return pages;
}

scenario('pages by cursor have each room once, while new rooms come first', async (harness) => {
  const [owner, reader] = await Promise.all([harness.someone(), harness.someone()]);
  const before: string[] = await reader.call('all_rooms');
  const made: string[] = [];
  for (let n = 0; n < ROOMS; n++) made.unshift(await roomOf(owner, reader));
  const expected = [...made, ...before];
  expect(await reader.call('all_rooms')).to.deep.equal(expected);
  const pages = await pagesOf(reader, 3, () => roomOf(owner, reader));
  expect(pages.flat()).to.deep.equal(expected);
  expect(pages.map(({ length }) => length).slice(0, 2)).to.deep.equal([3, 3]);
});

scenario('a cursor that the server did not give is refused', async (harness) => {
  const reader = await harness.someone();
  const failure = await reader.call('rooms', { cursor: 'not-one' }).catch((error) => error);
  expect([failure.code, failure.status]).to.deep.equal(['VALIDATION_ERROR', 400]);
});
