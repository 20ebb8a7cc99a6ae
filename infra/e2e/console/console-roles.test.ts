// Who may do what in the console, in a real Chromium: the log-in, people, rooms and reports.
import { expect } from 'chai';
import { appsBrowser, appsCluster } from '../support/apps-cluster.ts';
import { type Account, loginAdmin, register, registerModerator, rest, unique } from '../support/client.ts';
import { ADMIN } from '../support/cluster.ts';
import { openPage } from '../support/watched-page.ts';
import { Console, closeWithoutFaults, openConsole, reported } from './console-scene.ts';

describe('the console', function () {
  this.timeout(120_000);
  let view: Console;
  const url = (): string => appsCluster().url;
  const open = async (who: { username: string; password: string } = ADMIN): Promise<Console> => {
    view = await openConsole(appsBrowser(), url(), who);
    return view;
  };
  const statusOf = async ({ id }: Account): Promise<string> =>
    (
      await rest(await loginAdmin(url()), url())
        .get(`/admin/users/${id}`)
        .expect(200)
    ).body.status;

  afterEach(() => closeWithoutFaults(view));

  it('lets staff in alone, says what was wrong, and keeps the session over a reload', async () => {
    const ann = await register('ann', url());
    view = new Console(await openPage(appsBrowser()), url());
    const { page } = view;
    const tryAs = async (username: string, password: string): Promise<void> => {
      await page.goto(`${url()}/console#/audit`);
      await view.field('Username or e-mail').fill(username);
      await view.field('Password').fill(password);
      await view.button('Log in').click();
    };
    await tryAs(ADMIN.username, 'not it');
    await page.getByRole('alert').filter({ hasText: 'Username or password is wrong' }).waitFor();
    await tryAs(ann.username, ann.password);
    await page.getByText('neither a moderator nor an admin').waitFor();
    await tryAs(ADMIN.username, ADMIN.password);
    await view.heading('Audit log').waitFor();
    await page.reload();
    await view.heading('Audit log').waitFor();
    await view.button('Log out').click();
    await view.button('Log in').waitFor();
    await page.reload();
    await view.button('Log in').waitFor();
  });

  it('asks to log in again when the session was ended, and comes back to the same page', async () => {
    const moderator = await registerModerator(url());
    await open(moderator);
    await view.go('health');
    await rest(await loginAdmin(url()), url())
      .delete(`/admin/users/${moderator.id}/sessions`)
      .expect(204);
    await view.page.getByText('Your session has ended. Log in again').waitFor({ timeout: 30_000 });
    await view.field('Username or e-mail').fill(moderator.username);
    await view.field('Password').fill(moderator.password);
    await view.button('Log in').click();
    await view.heading('Health').waitFor();
  });

  it('bans with the keyboard alone, and takes it back', async () => {
    const bob = await register('bob', url());
    await open();
    await view.go(`users?search=${bob.username}`);
    const { keyboard } = view.page;
    const focusOn = async (selector: string, text: string): Promise<void> => {
      const wanted = view.page.locator(`${selector}:focus`, { hasText: text });
      for (let i = 0; i < 60 && (await wanted.count()) === 0; i++) await keyboard.press('Tab');
      expect(await wanted.count(), `the keyboard reaches ${text}`).to.equal(1);
    };
    await view.row(bob.username).waitFor();
    await focusOn('a', `@${bob.username}`);
    await keyboard.press('Enter');
    await view.heading('bob').waitFor();
    await focusOn('button', 'Ban');
    await keyboard.press('Enter');
    await view.dialog.waitFor();
    await keyboard.type('spam');
    await keyboard.press('Enter');
    await view.notice(`Ban ${bob.username}`, 'done').waitFor();
    expect(await statusOf(bob)).to.equal('banned');
    await view.page.locator('.alert', { hasText: 'spam' }).waitFor();
    await focusOn('button', 'Undo');
    await keyboard.press('Enter');
    await view.notice(`Lift the ban of ${bob.username}`, 'done').waitFor();
    expect(await statusOf(bob)).to.equal('active');
  });

  it('asks for the password before acts that weigh much, once', async () => {
    const eve = await register('eve', url());
    await open();
    await view.go(`users/${eve.id}`);
    await view.button('Change the role').click();
    await view.dialog.getByLabel('Role').selectOption('moderator');
    await view.dialog.getByLabel('Your password').fill('wrong');
    await view.confirm('Save');
    await view.dialog.getByText('That is not your password').waitFor();
    await view.dialog.getByLabel('Your password').fill(ADMIN.password);
    await view.confirm('Save');
    await view.notice('Change the role', 'done').waitFor();
    await view.button('Password link').click();
    expect(await view.dialog.getByLabel('Your password').count()).to.equal(0);
    await view.confirm('Password link');
    const link = view.dialog.getByLabel('Secret');
    await link.waitFor();
    expect(await link.inputValue()).to.match(/\/account\/reset/);
    await view.confirm('Close');
    await view.button('Log out everywhere').click();
    await view.confirm('Log out everywhere');
    await view.notice('everywhere', 'done').waitFor();
    await view.button('Erase').click();
    await view.confirm('Erase');
    await view.notice(`Erase ${eve.username}`, 'done').waitFor();
    await view.heading('Users').waitFor();
  });

  it('renames, archives, hands over and deletes a room', async () => {
    const [old, heir] = [await register('old', url()), await register('heir', url())];
    const chat_id = unique('room');
    await rest(old, url()).post('/rooms', { chat_id, name: 'Before', visibility: 'public' }).expect(201);
    await open();
    await view.go(`rooms?search=${chat_id}`);
    await view.row('Before').getByRole('link').click();
    await view.button('Rename').click();
    await view.dialog.getByLabel('Name').fill('After');
    await view.confirm('Save');
    await view.heading('After').waitFor();
    await view.button('Archive').click();
    await view.notice('Archive After', 'done').getByRole('button', { name: 'Undo' }).click();
    await view.button('Archive').waitFor();
    await view.button('Hand over').click();
    await view.dialog.getByLabel('New owner').fill(heir.username);
    await view.confirm('Hand over');
    await view.row(heir.username).getByText('Owner').waitFor();
    await view.button('Delete').click();
    await view.dialog.getByLabel('Your password').fill(ADMIN.password);
    await view.confirm('Delete');
    await view.heading('Rooms').waitFor();
    await rest(old, url()).get(`/rooms/${chat_id}`).expect(404);
  });

  it('settles reports by one key each, in a queue that goes on by itself', async () => {
    const [one, two] = [await reported(url()), await reported(url())];
    await open(await registerModerator(url()));
    await view.go('reports');
    const item = (content: string) => view.page.locator('.queue-item', { hasText: content });
    await item(two.content).click();
    await view.button('Show what surrounds it').click();
    await view.page.locator('.context li', { hasText: two.content }).waitFor();
    await item(two.content).press('r');
    await item(two.content).waitFor({ state: 'detached' });
    await item(one.content).and(view.page.locator('[aria-current=true]')).waitFor();
    await view.page.keyboard.press('x');
    await view.confirm('Delete');
    await item(one.content).waitFor({ state: 'detached' });
    const { body } = await rest(await loginAdmin(url()), url())
      .get('/admin/reports')
      .expect(200);
    const byId = new Map(body.reports.map((report: { id: string }) => [report.id, report]));
    expect(byId.get(two.id)).to.deep.include({ status: 'resolved' });
    expect(byId.get(one.id)).to.have.nested.property('message.is_deleted', true);
  });

  it('shows moderators what they may see, and lets them ban for a day', async () => {
    const carl = await register('carl', url());
    const moderator = await registerModerator(url());
    await open(moderator);
    const links = await view.page.locator('#navigation a').allTextContents();
    // Without the number of open reports.
    const names = links.map((text) => text.trim().replace(/\d+$/, ''));
    expect(names).to.include.members(['Overview', 'Users', 'Reports', 'Audit log']);
    expect(names).to.not.include.members(['Application keys', 'Webhooks', 'Bots', 'Invites', 'Token issuers']);
    await view.go('keys');
    await view.page.getByText('Only admins may see this page.').waitFor();
    await view.go(`users/${carl.id}`);
    await view.page.getByRole('link', { name: 'Reports about' }).waitFor();
    expect(await view.page.getByRole('link', { name: 'Sessions' }).count()).to.equal(0);
    expect(await view.button('Erase').count()).to.equal(0);
    await view.button('Ban').click();
    await view.dialog.getByLabel('Until').fill('2099-01-01T00:00');
    await view.confirm('Ban');
    await view.notice('Ban', 'refused').getByText('at most 24 hours').first().waitFor();
    await view.button('Ban').click();
    await view.confirm('Ban');
    await view.notice('Ban', 'done').waitFor();
    expect(await statusOf(carl)).to.equal('banned');
  });
});
