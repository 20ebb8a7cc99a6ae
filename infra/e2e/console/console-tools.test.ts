// What admins set up in the console: words, announcements, keys, issuers, invites, bots, webhooks.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { appsBrowser, appsCluster } from '../support/apps-cluster.ts';
import { loginAdmin, register, registerModerator, rest, unique } from '../support/client.ts';
import { ADMIN } from '../support/cluster.ts';
import { until } from '../support/sdk-pages.ts';
import { type Console, closeWithoutFaults, openConsole, reported } from './console-scene.ts';

describe('the tools of the console', function () {
  this.timeout(120_000);
  let view: Console;
  const url = (): string => appsCluster().url;

  beforeEach(async () => {
    view = await openConsole(appsBrowser(), url());
  });
  afterEach(() => closeWithoutFaults(view));

  /** Fills in the dialog that is open, with the password if it is asked. */
  async function fill(fields: Record<string, string>, yes: string): Promise<void> {
    await view.dialog.waitFor();
    for (const [label, value] of Object.entries(fields))
      await view.dialog.getByLabel(label, { exact: true }).fill(value);
    const password = view.dialog.getByLabel('Your password');
    if ((await password.count()) > 0) await password.fill(ADMIN.password);
    await view.confirm(yes);
  }
  const secret = async (): Promise<string> => {
    const text = await view.dialog.getByLabel('Secret', { exact: true }).inputValue();
    await view.confirm('Close');
    return text;
  };

  it('filters words, and tries them out', async () => {
    const word = unique('zounds').replace(/-/g, '');
    await view.go('words');
    await view.button('Add words').click();
    await view.dialog.getByLabel('Action').selectOption('mask');
    await fill({ Words: word }, 'Add');
    await view.row(word).getByText('Mask the word').waitFor();
    await view.field('A text, judged as a message would be').fill(`well, ${word}!`);
    await view.page.locator('.verdict', { hasText: 'Would be masked' }).waitFor();
    await view.field('A text, judged as a message would be').fill('harmless');
    await view.page.locator('.verdict', { hasText: 'Would pass' }).waitFor();
    await view.row(word).getByRole('button', { name: 'Remove' }).click();
    await view.row(word).waitFor({ state: 'detached' });
    await view.notice('Remove', 'done').getByRole('button', { name: 'Undo' }).click();
    await view.row(word).waitFor();
  });

  it('announces to everybody', async () => {
    const text = unique('Maintenance at noon');
    await view.go('announcements');
    await view.button('Announce').click();
    await fill({ Text: text }, 'Send');
    await view.row(text).waitFor();
    const ann = await register('ann', url());
    const { body } = await rest(ann, url()).get('/announcements').expect(200);
    expect(body.announcements[0].text).to.equal(text);
  });

  it('creates a key that works, and ends it', async () => {
    const name = unique('backend');
    await view.go('keys');
    await view.button('New key').click();
    await view.dialog.getByLabel('users:read', { exact: true }).check();
    await fill({ Name: name }, 'Create');
    const key = await secret();
    await rest({ token: key }, url()).get('/users').expect(200);
    await view.row(name).getByRole('button', { name: 'End' }).click();
    await view.confirm('End');
    await view.row(name).waitFor({ state: 'detached' });
    await rest({ token: key }, url()).get('/users').expect(401);
  });

  it('trusts an issuer, and says which field was wrong before', async () => {
    const issuer = `https://login.example.com/${unique('tenant')}`;
    await view.go('issuers');
    await view.button('New issuer').click();
    await fill({ Issuer: issuer, Audience: 'chat', Secret: 'short' }, 'Trust');
    await view.notice('New issuer', 'refused').getByText('secret').first().waitFor();
    await view.button('New issuer').click();
    await fill({ Issuer: issuer, Audience: 'chat', Secret: 's'.repeat(32) }, 'Trust');
    await view.row(issuer).getByRole('button', { name: 'Remove' }).click();
    await view.confirm('Remove');
    await view.row(issuer).waitFor({ state: 'detached' });
  });

  it('invites, and takes an invite back', async () => {
    await view.go('invites');
    await view.button('New invite').click();
    await fill({ 'How many may register': '7' }, 'Create');
    expect(await secret()).to.match(/\S{8,}/);
    await view.row('0 / 7').first().getByRole('button', { name: 'Delete' }).click();
    await view.confirm('Delete');
    await view.notice('Delete the invite', 'done').waitFor();
  });

  it('makes a bot with a token, and deletes it', async () => {
    const username = unique('helper');
    await view.go('bots');
    await view.button('New bot').click();
    await fill({ Username: username, Name: 'Helper' }, 'Create');
    await view.heading('Helper').waitFor();
    await view.button('New token').click();
    await view.dialog.getByLabel('messages:write', { exact: true }).check();
    await view.dialog.getByLabel('users:read', { exact: true }).check();
    await fill({ Name: 'production' }, 'Create');
    const me = await rest({ token: await secret() }, url())
      .get('/users/me')
      .expect(200);
    expect(me.body.username).to.equal(username);
    await view.row('production').waitFor();
    await view.button('Delete').click();
    await view.confirm('Delete');
    await view.heading('Bots').waitFor();
  });

  it('creates a webhook, tests, pauses and resumes it, rotates its secret, deletes it', async () => {
    const hook = `https://hooks.example.com/${unique('crm')}`;
    await view.go('webhooks');
    await view.button('New webhook').click();
    await view.dialog.getByLabel('message', { exact: true }).check();
    await fill({ URL: hook }, 'Create');
    expect(await secret()).to.match(/^whsec_/);
    await view.heading(hook).waitFor();
    await view.button('Send a test').click();
    await view.dialog.getByText('The receiver answered').waitFor();
    await view.confirm('Close');
    await view.button('Pause').click();
    await view.notice(`Pause ${hook}`, 'done').getByRole('button', { name: 'Undo' }).click();
    await view.notice(`Resume ${hook}`, 'done').waitFor();
    await view.button('Deliver again').click();
    await fill({ Since: '2026-01-01T00:00' }, 'Deliver again');
    await view.notice('Deliver again', 'done').waitFor();
    await view.button('New secret').click();
    await view.confirm('New secret');
    expect(await secret()).to.match(/^whsec_/);
    await view.button('Delete').click();
    await view.confirm('Delete');
    await view.heading('Webhooks').waitFor();
    await view.row(hook).waitFor({ state: 'detached' });
  });

  it('says why somebody did not get a message, by the name of that person', async () => {
    const { messageId, reporter, author } = await reported(url());
    await view.go('why');
    await view.field('Id of the message').fill(messageId);
    await view.field('Username or id of the person').fill(reporter.username);
    await view.button('Find out').click();
    await view.page.getByText('The person has not been connected since').waitFor();
    await view.page.getByRole('link', { name: author.username }).waitFor();
  });

  it('finds an act in the audit log, and downloads what the filters choose', async () => {
    const bob = await register('bob', url());
    const admin = await loginAdmin(url());
    await rest(admin, url()).post(`/admin/users/${bob.id}/ban`, { reason: '=1+1' }).expect(200);
    await view.go(`audit?target_id=${bob.id}`);
    await view.row('user.ban').waitFor();
    await view.field('Outcome').selectOption('Refused');
    await view.page.getByText('Nothing matches.').waitFor();
    await view.button('Clear the filters').click();
    await view.page.getByText('Nothing matches.').waitFor({ state: 'detached' });
    await view.row('user.ban').first().waitFor();
    await view.go(`audit?target_id=${bob.id}`);
    // Rows of the list before stay until the new one is read.
    await until(async () => (await view.row('user.ban').count()) === 1, 'only the acts on bob');
    const [file] = await Promise.all([view.page.waitForEvent('download'), view.button('Download CSV').click()]);
    const text = readFileSync(await file.path(), 'utf8');
    expect(text.trim().split('\n').length).to.be.greaterThan(1);
    expect(text).to.include(bob.id).and.include('user.ban');
  });

  it('shows figures and lines, pushed while people come online', async () => {
    await view.go('overview');
    const tile = view.page.locator('.tile', { hasText: 'Open reports' }).locator('.figure');
    const before = Number.parseInt((await tile.textContent()) ?? '', 10);
    await reported(url());
    await until(async () => Number.parseInt((await tile.textContent()) ?? '', 10) === before + 1, 'one more report');
    await view.page.locator('#navigation .count', { hasText: `${before + 1}` }).waitFor();
    expect(await view.page.locator('.chart').count()).to.equal(6);
  });

  it('shows the health of every instance', async () => {
    await view.go('health');
    for (const { name } of appsCluster().instances) await view.row(name).first().getByText('OK').waitFor();
  });

  it('shows what hostile people wrote as text', async () => {
    const mallory = await register('mallory', url());
    // Code that acts is removed by the server; this stays as it is.
    const evil = '<b>really</b> "\'`{{7*7}}';
    await rest(mallory, url()).put('/users/me', { bio: evil }).expect(200);
    const reporter = await registerModerator(url());
    const report = { target_type: 'user', target_id: mallory.id, reason: evil };
    await rest(reporter, url()).post('/reports', report).expect(201);
    await view.go(`users/${mallory.id}?tab=reportsAbout`);
    await view.heading('mallory').waitFor();
    await view.row('<b>really').waitFor();
    await view.go('reports');
    await view.page.locator('.queue-item', { hasText: '<b>really' }).waitFor();
    expect(await view.page.locator('main img, main b').count()).to.equal(0);
    await rest(await loginAdmin(url()), url())
      .get('/admin/reports')
      .expect(200);
  });
});
