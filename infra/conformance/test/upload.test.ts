import { expect } from 'chai';
import { openClient } from '../src/accounts.ts';
import type { SdkError } from '../src/driver.ts';
import { scenario } from '../src/scenario.ts';

const SIZE = 600_000;

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: SdkError) => error.code,
  );

scenario('an upload reports its progress, can be aborted, and fails with the reason', async (harness) => {
  const person = await harness.someone();
  const { file, progress } = await person.call('upload', { name: 'notes.txt', size: SIZE });
  expect(file).to.include({ filename: 'notes.txt', size: SIZE });
  const sent: number[] = progress.map(([part]: [number, number]) => part);
  expect(sent).to.deep.equal(sent.toSorted((a, b) => a - b));
  expect(sent.length).to.be.above(1);
  expect(progress.at(-1)).to.deep.equal([SIZE, SIZE]);
  const aborted = person.call('upload', { name: 'more.txt', size: SIZE * 10, abort_at: 1 });
  expect(await codeOf(aborted)).to.equal('ABORTED');
  expect(await codeOf(person.call('upload', { name: 'bad.exe', size: 10 }))).to.equal('UNSUPPORTED_MEDIA_TYPE');
  expect(await person.call('files')).to.deep.equal([file.id]);
});

scenario('an upload with an invalid token is repeated with a new one', async (harness) => {
  const { session } = await harness.someone();
  const client = await openClient(harness.driver, {
    base_url: harness.cluster.url,
    // Not expired yet: only the server can tell that it is invalid.
    token: `${session.access_token.slice(0, -6)}AAAAAA`,
    refresh_token: session.refresh_token,
  });
  const { file } = await client.call('upload', { name: 'notes.txt', size: SIZE });
  expect(file).to.include({ filename: 'notes.txt', size: SIZE, uploaded_by: session.user.id });
});
