import { expect } from 'chai';
import { openClient, PASSWORD, roomOf } from '../src/accounts.ts';
import type { SdkError } from '../src/driver.ts';
import { scenario } from '../src/scenario.ts';

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: SdkError) => error.code,
  );

scenario('an invalid id is refused before it names another resource', async (harness) => {
  const owner = await harness.someone();
  const member = await harness.someone();
  const phone = await openClient(harness.driver, { base_url: harness.cluster.url });
  await phone.call('login', { username_or_email: owner.username, password: PASSWORD });
  const room = await roomOf(owner, member);
  for (const bad of ['', '.', '..']) {
    expect(await codeOf(owner.call('remove_member', { chat_id: room, user_id: bad }))).to.equal('VALIDATION_ERROR');
    expect(await codeOf(owner.call('remove_member', { chat_id: bad, user_id: member.id }))).to.equal(
      'VALIDATION_ERROR',
    );
    expect(await codeOf(owner.call('end_session', { session_id: bad }))).to.equal('VALIDATION_ERROR');
  }
  expect(await codeOf(owner.call('remove_member', { chat_id: room, user_id: '../../general' }))).to.be.oneOf([
    'VALIDATION_ERROR',
    'RESOURCE_NOT_FOUND',
  ]);
  // The room and the other session are still there.
  await member.call('send', { chat_id: room, content: 'still a member' });
  expect((await phone.call('me')).id).to.equal(owner.id);
  await owner.call('remove_member', { chat_id: room, user_id: member.id });
  expect(await codeOf(member.call('send', { chat_id: room, content: 'no more' }))).to.equal('RESOURCE_NOT_FOUND');
});
