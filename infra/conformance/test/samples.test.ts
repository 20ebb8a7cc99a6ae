// The samples of each SDK's README, with the address, token and names of the test.
import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { adminWith, PASSWORD, type Person, registered, unique } from '../src/accounts.ts';
import { cluster } from '../src/cluster.ts';
import { type Driver, startDriver } from '../src/driver.ts';
import { type Command, LANGUAGES, type Language, SDKS, type Sdk } from '../src/sdks.ts';

/** The expected output of each sample, in order. The first one needs someone who sends. */
const PRINTS: Record<Language['name'], RegExp[]> = {
  python: [
    /New message: Hello from asyncio!/,
    /VALIDATION_ERROR 400/,
    /22 of 22 bytes.*The minutes/s,
    /^3600\nSent by the backend\n$/,
    /^1 member_joined\n2 message\n$/,
  ],
  typescript: [
    /connected.*New message: Hello from Node!/s,
    /VALIDATION_ERROR 400/,
    /22 of 22 bytes.*The minutes/s,
    /^true 3600\nSent by the backend\n$/,
    /^1 member_joined\n2 message\n$/,
  ],
};

function output({ file, args, cwd, env }: Command): Promise<string> {
  const child = spawn(file, args, { cwd, env, timeout: 30_000 });
  let [said, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (said += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  return new Promise((resolve, reject) =>
    child.on('close', (code) =>
      code === 0 && errors === '' ? resolve(said) : reject(new Error(`ended with ${code}: ${errors}\n${said}`)),
    ),
  );
}

for (const language of LANGUAGES) {
  describe(`samples of the README in ${language.name}`, function () {
    this.timeout(60_000);
    let driver: Driver;
    let person: Person;
    let key: string;
    const samples = language.samples();
    const ours = (code: string): string =>
      code
        .replaceAll('http://localhost:8000', cluster().url)
        .replaceAll('your-application-key', key)
        .replaceAll('your-jwt-token', person.session.access_token)
        .replaceAll('user_123', person.id)
        .replaceAll('johndoe', person.username)
        .replaceAll('securepassword123', PASSWORD);

    before(async () => {
      driver = startDriver(SDKS.find((kind) => kind.language === language.name) as Sdk);
      person = await registered(driver, cluster().url);
      const admin = await adminWith(driver, cluster().url);
      const scopes = ['users:write', 'tokens:write', 'messages:write', 'events:read', 'act_as'];
      ({ key } = await admin.call('create_key', { name: unique('key'), scopes }));
    });
    after(() => driver.end());

    it('the first one receives a message', async () => {
      const said = await output(language.run(ours(`${samples[0]}${language.receives}`)));
      expect(said).to.match(/New message: .*heard/s);
    });

    for (const [i, prints] of PRINTS[language.name].entries())
      it(`number ${i + 2} runs`, async () =>
        expect(await output(language.run(ours(samples[i + 1] ?? '')))).to.match(prints));

    it('all are tested', () => expect(samples).to.have.length(PRINTS[language.name].length + 1));
  });
}
