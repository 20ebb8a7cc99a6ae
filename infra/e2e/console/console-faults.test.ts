// The console while a gateway dies in the middle of an act, and how it looks.
import { expect } from 'chai';
import { appsBrowser, appsCluster } from '../support/apps-cluster.ts';
import { register, rest } from '../support/client.ts';
import { freeze } from '../support/freeze.ts';
import { BY_THEME } from '../support/watched-page.ts';
import { furnish } from './console-pages.ts';
import { type Console, closeWithoutFaults, openConsole } from './console-scene.ts';

describe('the console under faults, and its looks', function () {
  this.timeout(400_000);
  let view: Console;
  const url = (): string => appsCluster().url;

  afterEach(() => closeWithoutFaults(view));

  it('shows an act as unknown whose answer died with the gateway, then what became of it', async () => {
    const bob = await register('bob', url());
    view = await openConsole(appsBrowser(), url());
    await view.go(`users/${bob.id}`);
    await view.heading('bob').waitFor();
    // The request has reached the admin service, which does not go on until its answer is lost.
    const thaw = freeze(appsCluster(), 'admin');
    try {
      await view.button('Ban').click();
      await view.confirm('Ban');
      await view.notice('Ban', 'running').waitFor();
      await new Promise((resolve) => setTimeout(resolve, 500));
      appsCluster().kill('gateway');
      await view.notice('Ban', 'unknown').waitFor();
    } finally {
      thaw();
    }
    await view.notice('Ban', 'done').or(view.notice('Ban', 'not-done')).waitFor({ timeout: 60_000 });
    await appsCluster().waitReady();
    const isBanned = (await view.page.locator('.notice[data-outcome=done]').count()) > 0;
    await view.go('users');
    await view.go(`users/${bob.id}`);
    await view.button(isBanned ? 'Lift the ban' : 'Ban').waitFor();
    expect(await view.button(isBanned ? 'Ban' : 'Lift the ban').count()).to.equal(0);
  });

  it('says that it was not done when the request never came through, and does it again when asked', async () => {
    const carl = await register('carl', url());
    view = await openConsole(appsBrowser(), url());
    await view.go(`users/${carl.id}`);
    await view.page.route('**/ban', (route) => route.abort(), { times: 1 });
    await view.button('Ban').click();
    await view.confirm('Ban');
    await view.notice('Ban', 'unknown').waitFor();
    const told = view.notice('Ban', 'not-done');
    await told.waitFor({ timeout: 30_000 });
    await told.getByRole('button', { name: 'Try again' }).click();
    await view.notice('Ban', 'done').waitFor();
    const answer = await rest(carl, url()).get('/users/me');
    expect(answer.status).to.be.oneOf([401, 403]);
  });

  it('goes on showing what it read while the server is away, and reads again', async () => {
    view = await openConsole(appsBrowser(), url());
    await view.go('health');
    await view.row('gateway').first().waitFor();
    await view.page.route('**/admin/system/health', (route) => route.abort());
    await view.page.getByText('The server does not answer').waitFor({ timeout: 30_000 });
    expect(await view.row('gateway').count()).to.be.greaterThan(0);
    await view.page.unroute('**/admin/system/health');
    await view.page.getByText('The server does not answer').waitFor({ state: 'detached', timeout: 30_000 });
  });

  it('has no fault that axe finds on any page, light and dark, wide and narrow', async () => {
    const { pages } = await furnish(url());
    view = await openConsole(appsBrowser(), url());
    const { page, watched } = view;
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 });
      for (const [name, hash] of Object.entries(pages)) {
        await view.go(hash);
        await view.untilLoaded();
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          const rules = colorScheme === 'light' ? undefined : BY_THEME;
          expect(await watched.axe(rules), `${name} ${width} ${colorScheme}`).to.deep.equal([]);
        }
      }
    }
    await view.button('Navigation').click();
    expect(await watched.axe(), 'navigation').to.deep.equal([]);
    await view.go(pages.user as string);
    await view.button('Ban').click();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await watched.axe(), `dialog ${colorScheme}`).to.deep.equal([]);
    }
  });

  it('fits any width from 390 to 1600 px in both languages', async () => {
    const { pages } = await furnish(url());
    view = await openConsole(appsBrowser(), url());
    const { page, watched } = view;
    for (const language of ['English', 'Deutsch']) {
      for (const [name, hash] of Object.entries(pages)) {
        await page.setViewportSize({ width: 1280, height: 800 });
        await view.go(hash);
        await view.untilLoaded();
        for (const width of [390, 520, 639, 768, 895, 1024, 1280, 1600]) {
          await page.setViewportSize({ width, height: 800 });
          expect(await watched.tooWide(), `${language} ${name} ${width}`).to.deep.equal([]);
        }
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      if (language === 'English') await view.button('Deutsch').click();
    }
    expect(await page.locator('html').getAttribute('lang')).to.equal('de');
  });
});
