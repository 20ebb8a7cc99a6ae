// The example bots, started as a user does.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { PASSWORD, type Person, registered } from '../src/accounts.ts';
import { cluster } from '../src/cluster.ts';
import { type Driver, startDriver } from '../src/driver.ts';
import { LANGUAGES, SDKS, type Sdk } from '../src/sdks.ts';

const line = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', resolve);
    child.once('close', (code) => reject(new Error(`it ended with ${code}`)));
  });

for (const language of LANGUAGES) {
  describe(`the example bot in ${language.name}`, function () {
    this.timeout(60_000);
    let driver: Driver;
    let bot: ChildProcess | undefined;
    let account: Person;

    before(async () => {
      driver = startDriver(SDKS.find((kind) => kind.language === language.name) as Sdk);
      account = await registered(driver, cluster().url);
      const { file, args, cwd, env } = language.bot();
      const settings = { CHATAPI_URL: cluster().url, CHATAPI_USER: account.username, CHATAPI_PASSWORD: PASSWORD };
      bot = spawn(file, args, { cwd, env: { ...env, ...settings }, stdio: ['ignore', 'pipe', 'inherit'] });
    });
    after(async () => {
      bot?.kill();
      await driver.end();
    });

    it('repeats what is said to it', async () => {
      expect(await line(bot as ChildProcess)).to.equal('listening');
      const person = await registered(driver, cluster().url);
      const asked = await person.call('send', { recipient_id: account.id, content: 'hello' });
      for (let answered = ''; answered !== 'You said: hello'; ) {
        const log: string[][] = await person.call('iterate', { chat_id: asked.chat_id });
        answered = log[0]?.[2] ?? '';
        await sleep(50);
      }
    });
  });
}
