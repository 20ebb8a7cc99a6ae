// The search over messages and the hook before messages, as admins see them in the console.
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { appsBrowser, appsCluster } from '../support/apps-cluster.ts';
import { type Json, loginAdmin, register, rest, say, unique } from '../support/client.ts';
import { ADMIN } from '../support/cluster.ts';
import { startReceiver } from '../support/receiver.ts';
import { until } from '../support/sdk-pages.ts';
import { type Console, closeWithoutFaults, openConsole } from './console-scene.ts';

const HOOK = '/admin/hooks/before-message';
const GRACE_MS = 5000;

describe('the search and the hook of the console', function () {
  this.timeout(120_000);
  let view: Console;
  const url = (): string => appsCluster().url;
  const asAdmin = async () => rest(await loginAdmin(url()), url());

  beforeEach(async () => {
    view = await openConsole(appsBrowser(), url());
  });
  afterEach(() => closeWithoutFaults(view));

  const found = () => view.page.locator('.results li');
  async function search(words: string, reason: string): Promise<void> {
    await view.field('Words').fill(words);
    await view.field('Reason').fill(reason);
    await view.page.locator('form').getByRole('button', { name: 'Search' }).click();
  }

  it('says that the search over messages is off, and how it is turned on', async () => {
    await view.go('search');
    await search('anything', 'a request of the court');
    const told = view.page.getByRole('alert');
    await told.getByText('The search over all messages is off.').waitFor();
    await told.getByText('ADMIN_MESSAGE_SEARCH=on').waitFor();
    const { body } = await (await asAdmin()).get('/admin/audit-log?action=messages.search').expect(200);
    expect(body.entries).to.deep.equal([]);
  });

  it('searches messages only when asked, each time with a reason that is on record', async () => {
    await appsCluster().restart('admin', GRACE_MS, { env: { ADMIN_MESSAGE_SEARCH: 'on' } });
    await appsCluster().waitReady();
    const word = unique('ledger').replace(/-/g, '');
    const [ann, bob] = [await register('ann', url()), await register('bob', url())];
    const room = unique('books');
    for (let i = 0; i < 53; i++) await say(ann, { chat_id: room, content: `${word} line ${i}` }, url());
    await say(bob, { chat_id: unique('other'), content: `${word} of bob` }, url());
    const asked: string[] = [];
    view.page.on('request', (one) => asked.push(new URL(one.url()).pathname));
    const searches = (): number => asked.filter((path) => path === '/admin/messages/search').length;
    const reason = unique('case 17');

    await view.go(`search?q=${word}&room=${room}&author=${ann.username}`);
    await view.untilLoaded();
    expect(await view.field('Words').inputValue()).to.equal(word);
    expect(searches()).to.equal(0);
    await view.page.locator('form').getByRole('button', { name: 'Search' }).click();
    expect(searches(), 'without a reason').to.equal(0);
    await search(word, reason);
    await until(async () => (await found().count()) === 50, 'the first page');
    expect(view.page.url()).to.include(word).and.not.include('case');
    await view.button('Next page').click();
    await until(async () => (await found().count()) === 3, 'the second page');
    expect(searches()).to.equal(2);
    await view.button('Previous page').click();
    await until(async () => (await found().count()) === 50, 'the first page again');
    await view.page.reload();
    await view.heading('Message search').waitFor();
    await view.untilLoaded();
    expect(searches(), 'what was read is not asked for again, nor by a URL').to.equal(2);
    expect(await view.field('Reason').inputValue()).to.equal('');

    await view.field('Room').fill('');
    await view.field('Author').fill(bob.username);
    await search(word, reason);
    await found().getByText(`${word} of bob`).waitFor();
    await found().getByRole('link', { name: bob.username }).waitFor();
    const { body } = await (await asAdmin()).get('/admin/audit-log?action=messages.search').expect(200);
    const mine = body.entries.filter(({ details }: Json) => details.reason === reason);
    expect(mine).to.have.length(3);
    expect(mine[0].details).to.deep.include({ text: word, about_user_id: bob.id });
  });

  it('sets, changes and deletes the hook before messages, with its secret shown once', async () => {
    const receiver = await startReceiver();
    const room = unique('judged');
    receiver.answer = ({ body }) => ({
      status: 200,
      body: JSON.stringify({ results: body.data.messages.map(() => ({ action: 'reject', message: 'not now' })) }),
    });
    try {
      const admin = await asAdmin();
      await admin.delete(HOOK);
      await view.go('hook');
      await view.page.getByText('There is no hook').waitFor();
      await view.button('Set the hook').click();
      await view.dialog.getByLabel('URL').fill(receiver.url);
      await view.dialog.getByLabel('Rooms').fill(room);
      await view.dialog.getByLabel('While it does not answer').selectOption('Messages are refused');
      await view.dialog.getByLabel('Your password').fill(ADMIN.password);
      await view.confirm('Set the hook');
      expect(await view.dialog.getByLabel('Secret', { exact: true }).inputValue()).to.match(/^whsec_/);
      await view.confirm('Close');
      await view.page.getByText('Meanwhile nobody can write').waitFor();
      const ann = rest(await register('ann', url()), url());
      await eventually(async () => {
        const { status, body } = await ann.post('/messages/', { chat_id: room, content: 'hello' });
        expect(status).to.equal(403);
        expect(body.details.reason).to.equal('rejected_by_hook');
      }, 10_000);

      await view.button('Change').click();
      expect(await view.dialog.getByLabel('Rooms').inputValue()).to.equal(room);
      await view.dialog.getByLabel('While it does not answer').selectOption('Messages are taken');
      await view.dialog.getByLabel('Time limit in ms').fill('900');
      await view.confirm('Save');
      await view.page.getByText('Nobody judges them meanwhile').waitFor();
      expect(await view.dialog.count()).to.equal(0);
      const { body } = await admin.get(HOOK).expect(200);
      expect(body).to.include({ url: receiver.url, timeout_ms: 900, on_failure: 'accept' });

      await view.button('Delete').click();
      await view.confirm('Delete');
      await view.page.getByText('There is no hook').waitFor();
      await admin.get(HOOK).expect(404);
    } finally {
      receiver.stop();
    }
  });
});
