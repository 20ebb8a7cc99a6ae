// The console in a browser, and the people whom it is about.
import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { type Account, register, rest, say, unique } from '../support/client.ts';
import { ADMIN } from '../support/cluster.ts';
import { until } from '../support/sdk-pages.ts';
import { openPage, type WatchedPage } from '../support/watched-page.ts';

export class Console {
  readonly page: Page;
  readonly watched: WatchedPage;
  readonly url: string;

  constructor(watched: WatchedPage, url: string) {
    this.watched = watched;
    this.page = watched.page;
    this.url = url;
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  field(name: string): Locator {
    return this.page.getByLabel(name, { exact: true });
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** In the dialog that is open. */
  confirm(name: string): Promise<void> {
    return this.dialog.getByRole('button', { name, exact: true }).click();
  }

  notice(title: string, outcome: string): Locator {
    return this.page.locator(`.notice[data-outcome="${outcome}"]`, { hasText: title });
  }

  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name });
  }

  row(text: string): Locator {
    return this.page.locator('tbody tr', { hasText: text });
  }

  async go(hash: string): Promise<void> {
    await this.page.goto(`${this.url}/console#/${hash}`);
    await this.page.locator('main h1').waitFor();
  }

  async untilLoaded(): Promise<void> {
    await until(async () => (await this.page.locator('main .spinner').count()) === 0, 'everything is read');
  }

  async logIn({ username, password }: { username: string; password: string }): Promise<void> {
    await this.page.goto(`${this.url}/console`);
    await this.field('Username or e-mail').fill(username);
    await this.field('Password').fill(password);
    await this.button('Log in').click();
    await this.heading('Overview').waitFor();
  }
}

export async function openConsole(
  browser: Browser,
  url: string,
  who: { username: string; password: string } = ADMIN,
  options: BrowserContextOptions = {},
): Promise<Console> {
  const console = new Console(await openPage(browser, options), url);
  await console.logIn(who);
  return console;
}

/** After each test: nothing went wrong in the page that nobody looked at. */
export async function closeWithoutFaults({ watched }: Pick<Console, 'watched'>): Promise<void> {
  const faults = await watched.faults();
  await watched.close();
  expect(faults).to.deep.equal([]);
}

/** A message, and a report about it. */
export async function reported(
  url: string,
): Promise<{ author: Account; reporter: Account; content: string; id: string; messageId: string }> {
  const [author, reporter] = [await register('troll', url), await register('witness', url)];
  const content = `something rude ${unique('no')}`;
  const message = await say(author, { recipient_id: reporter.id, content }, url);
  const { body } = await rest(reporter, url)
    .post('/reports', { target_type: 'message', target_id: message.id, reason: 'It is rude' })
    .expect(201);
  return { author, reporter, content, id: body.id, messageId: message.id };
}
