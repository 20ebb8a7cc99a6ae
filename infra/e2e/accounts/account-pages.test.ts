// The pages to which links in mails lead, in a real Chromium.
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';
import { browserCluster, sharedBrowser } from '../support/browser-cluster.ts';
import { type Account, login, register, rest, unique } from '../support/client.ts';
import { linkTo, mailsTo } from '../support/mails.ts';

const NEW = 'amber-lantern-orchard-63';
const TOKEN = 'A'.repeat(43);

/** Requests of a page, with what they told of the token. */
interface Asked {
  url: string;
  referer: string | undefined;
}

describe('the pages of links in mails', function () {
  this.timeout(120_000);
  let url: string;
  const contexts: BrowserContext[] = [];
  before(() => {
    url = browserCluster().url;
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });

  async function open(link: string, locale = 'en-GB'): Promise<{ page: Page; asked: Asked[]; faults: string[] }> {
    const context = await sharedBrowser().newContext({ locale });
    contexts.push(context);
    const page = await context.newPage();
    const asked: Asked[] = [];
    const faults: string[] = [];
    page.on('request', (request) => asked.push({ url: request.url(), referer: request.headers().referer }));
    // What the policy of the page refuses is an error of the console too.
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(link);
    return { page, asked, faults };
  }

  const person = (): Promise<Account> => register('paged', url);
  const anyone = () => rest(undefined, url);
  const resetLink = async (ann: Account): Promise<string> => {
    await anyone().post('/users/password-resets', { email: ann.email }).expect(202);
    return linkTo(browserCluster(), ann.email);
  };
  const shown = (page: Page, selector: string) =>
    page
      .locator(`${selector}:visible`)
      .textContent()
      .then((text) => text ?? '');

  it('a new password is set, and the token leaves the address bar and the history', async () => {
    const ann = await person();
    const link = await resetLink(ann);
    const { page, asked, faults } = await open(link);
    expect(page.url()).to.equal(`${url}/account/reset`);
    expect(await page.evaluate('history.length')).to.be.at.most(2);
    await page.getByLabel('New password').fill(NEW);
    await page.getByRole('button', { name: 'Set the password' }).click();
    expect(await shown(page, '.done')).to.include('Your new password is set');
    await login({ username: ann.username, password: NEW }, url);
    const token = new URL(link).searchParams.get('token') as string;
    // The page itself is the only address with the token, and nobody is told of it.
    expect(asked.filter((one) => one.url.includes(token))).to.have.length(1);
    expect(asked.filter(({ referer }) => referer?.includes('token'))).to.deep.equal([]);
    expect(asked.every((one) => one.url.startsWith(url) || one.url.startsWith('data:'))).to.equal(true);
    expect(await page.evaluate('document.referrer')).to.equal('');
    expect(faults).to.deep.equal([]);
  });

  it('a weak password is explained, and the link goes on working', async () => {
    const ann = await person();
    const { page } = await open(await resetLink(ann));
    const field = page.getByLabel('New password');
    await field.fill('password');
    await page.getByRole('button').click();
    await eventually(async () => (await shown(page, '.error')).includes('too easy to guess'));
    expect(await field.getAttribute('aria-invalid')).to.equal('true');
    await page.getByLabel('Show the password').check();
    expect(await field.getAttribute('type')).to.equal('text');
    await field.fill(NEW);
    await field.press('Enter');
    await page.locator('.done:visible').waitFor();
    await login({ username: ann.username, password: NEW }, url);
  });

  it('a link that does not work any more is told as one, in the language of the browser', async () => {
    const { page } = await open(`${url}/account/reset?token=${TOKEN}`, 'de-DE');
    expect(await page.getAttribute('html', 'lang')).to.equal('de');
    await page.getByLabel('Neues Passwort').fill(NEW);
    await page.getByRole('button', { name: 'Passwort setzen' }).click();
    await eventually(async () => (await shown(page, '.error')).includes('abgelaufen'));
    await page.getByRole('button', { name: 'Link zusenden' }).waitFor();
  });

  it('without a token a link is sent to the address that somebody types', async () => {
    const ann = await person();
    const { page } = await open(`${url}/account/reset`);
    await page.getByLabel('E-mail address').fill(ann.email);
    await page.getByRole('button', { name: 'Send me a link' }).click();
    expect(await shown(page, '.done')).to.include('a link is on its way');
    await linkTo(browserCluster(), ann.email);
  });

  it('a new address is confirmed by a button, not by opening the link', async () => {
    const ann = await person();
    const email = `${unique('new')}@example.com`;
    await rest(ann, url).post('/users/me/email', { email, current_password: ann.password }).expect(202);
    const link = await linkTo(browserCluster(), email);
    await open(link);
    const { page, faults } = await open(link);
    expect((await rest(ann, url).get('/users/me').expect(200)).body.email).to.equal(ann.email);
    await page.getByRole('button', { name: 'Confirm the address' }).click();
    expect(await shown(page, '.done')).to.include('Your address is confirmed');
    await eventually(async () => (await rest(ann, url).get('/users/me').expect(200)).body.email === email);
    await eventually(() => mailsTo(browserCluster(), ann.email).length === 2);
    expect(faults).to.deep.equal([]);
    const { page: bare } = await open(`${url}/account/confirm`);
    expect(await shown(bare, '.error')).to.include('used already');
  });

  it('a server that does not answer is told as such', async () => {
    const { page } = await open(`${url}/account/confirm?token=${TOKEN}`);
    await contexts[0]?.setOffline(true);
    await page.getByRole('button').click();
    await eventually(async () => (await shown(page, '.error')).includes('Try again in a moment'));
  });

  it('fits from 390 to 1280 pixels, in both languages, light and dark', async () => {
    for (const locale of ['en-GB', 'de-DE'])
      for (const colorScheme of ['light', 'dark'] as const)
        for (const width of [390, 1280]) {
          const { page } = await open(`${url}/account/reset?token=${TOKEN}`, locale);
          await page.setViewportSize({ width, height: 800 });
          await page.emulateMedia({ colorScheme });
          const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
          expect(overflow, `${locale} ${width}`).to.equal(0);
          const button = await page.getByRole('button').boundingBox();
          expect(button?.height).to.be.at.least(44);
        }
  });

  it('may not be framed, stored, or extended by what their address says', async () => {
    const { headers, text } = await anyone().get(`/account/reset?token=${TOKEN}`).expect(200);
    expect(headers['content-security-policy']).to.include("frame-ancestors 'none'").and.not.include('unsafe');
    expect(headers['referrer-policy']).to.equal('no-referrer');
    expect(headers['cache-control']).to.equal('no-store');
    expect(text)
      .not.to.include(TOKEN)
      .and.not.match(/<script(?![^>]*src=)|style=|\son\w+=/);
    await anyone().get('/account/reset?token=a&next=https://evil.example').expect(400);
    await anyone().get('/account/assets/constructor').expect(404);
    await anyone().get('/account/assets/..%2fpages.ts').expect(404);
  });
});
