// examples/own-users, started with the commands of its README, in Chromium: two people who are the
// application's own users chat.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { REPO } from '@chatapi/local';
import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';
import { browserCluster, exampleOrigin, sharedBrowser } from '../support/browser-cluster.ts';
import { unique } from '../support/client.ts';
import { ADMIN, gatewaysOf } from '../support/cluster.ts';
import { adminAs, samplesOf } from '../support/samples.ts';
import { until } from '../support/sdk-pages.ts';

const PASSWORD = 'copper-violet-meadow-27';
const WIDTHS = [1280, 390];

describe('the example application with its own users', function () {
  this.timeout(120_000);
  const [cluster = '', prepare = '', start = ''] = samplesOf('examples/own-users/README.md', 'sh');
  let app: ChildProcess;
  let key: string;
  const contexts: BrowserContext[] = [];

  before(async () => {
    const url = gatewaysOf(browserCluster())[0] as string;
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
    const script = `${adminAs(prepare, url, ADMIN)}\necho "key $CHATAPI_KEY"`;
    const told = execFileSync('bash', ['-euo', 'pipefail', '-c', script], { cwd: REPO, env, encoding: 'utf8' });
    key = /key (cak_\S+)/.exec(told)?.[1] as string;
    const settings = { CHATAPI_KEY: key, CHATAPI_URL: url, PORT: new URL(exampleOrigin()).port };
    // A group of its own: npm does not pass the end on to what it has started.
    app = spawn('bash', ['-c', start], { cwd: REPO, env: { ...env, ...settings }, detached: true, stdio: 'ignore' });
    await until(async () => (await fetch(exampleOrigin()).catch(() => undefined))?.ok === true, 'the application');
  });
  after(async () => {
    for (const context of contexts) await context.close();
    if (app?.pid !== undefined) process.kill(-app.pid);
  });

  async function opened(width: number): Promise<{ page: Page; errors: string[] }> {
    const context = await sharedBrowser().newContext({ viewport: { width, height: 800 } });
    contexts.push(context);
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(exampleOrigin());
    await page.locator('#enter').waitFor();
    return { page, errors };
  }

  async function entered(page: Page, name: string, button: string, password = PASSWORD): Promise<void> {
    await page.locator('[name=name]').fill(name);
    await page.locator('[name=password]').fill(password);
    await page.getByRole('button', { name: button }).click();
  }

  const say = async (page: Page, text: string): Promise<void> => {
    await page.locator('[name=content]').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  };
  const connected = (page: Page): Promise<void> => page.locator('#state[data-state=connected]').waitFor();

  it('lets two people with accounts of the application chat, and come back by its login', async () => {
    expect(cluster).to.equal('ALLOWED_ORIGINS=http://localhost:3000 npm start\n');
    const pages = [await opened(WIDTHS[0] as number), await opened(WIDTHS[1] as number)];
    const [ann, bob] = pages.map(({ page }) => page) as [Page, Page];
    const names = [unique('Ann'), unique('Bob of a name that no phone has room for')] as [string, string];
    await entered(ann, names[0], 'Create account');
    await entered(bob, names[1], 'Create account');
    for (const page of [ann, bob]) await connected(page);
    await say(ann, 'hello');
    await bob.locator('.theirs', { hasText: names[0] }).getByText('hello', { exact: true }).waitFor();
    await say(bob, 'hello yourself');
    await ann.locator('.theirs', { hasText: names[1] }).getByText('hello yourself').waitFor();
    for (const page of [ann, bob]) {
      expect(await page.locator('.text').allTextContents()).to.deep.equal(['hello', 'hello yourself']);
      const wide = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
      expect(wide, 'no sideways scrolling').to.equal(false);
    }

    await ann.getByRole('button', { name: 'Log out' }).click();
    await ann.locator('#enter').waitFor();
    await entered(ann, names[0], 'Log in', 'a wrong password');
    await ann.getByText('The name or the password is wrong').waitFor();
    await entered(ann, names[0], 'Log in');
    await connected(ann);
    await ann.getByText('hello yourself').waitFor();
    for (const { errors } of pages) expect(errors).to.deep.equal([]);
  });

  it('gives no token without its login, nor the key to any page', async () => {
    const { page } = await opened(WIDTHS[0] as number);
    const asked = await fetch(`${exampleOrigin()}/chat-token`, { method: 'POST' });
    expect(asked.status).to.equal(401);
    await entered(page, unique('Eve'), 'Create account');
    await connected(page);
    const told: string[] = [];
    page.on(
      'response',
      (response) =>
        void response.text().then(
          (text) => told.push(text),
          () => undefined,
        ),
    );
    await page.reload();
    await connected(page);
    expect(told.join()).to.contain('access_token').and.not.contain(key);
  });
});
