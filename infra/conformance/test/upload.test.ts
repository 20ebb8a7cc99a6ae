import { expect } from 'chai';
import type { SdkError } from '../src/driver.ts';
import { openClient } from '../src/people.ts';
import { scenario } from '../src/scenario.ts';

const SIZE = 600_000;

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: SdkError) => error.code,
  );

scenario('an upload tells its progress, can be aborted, and says why it is refused', async (world) => {
  const person = await world.someone();
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

scenario('an upload that meets a token which is good no more is sent again with a fresh one', async (world) => {
  const { session } = await world.someone();
  const client = await openClient(world.driver, {
    base_url: world.cluster.url,
    // Its end lies ahead: only the server can tell.
    token: `${session.access_token.slice(0, -6)}AAAAAA`,
    refresh_token: session.refresh_token,
  });
  const { file } = await client.call('upload', { name: 'notes.txt', size: SIZE });
  expect(file).to.include({ filename: 'notes.txt', size: SIZE, uploaded_by: session.user.id });
});
