import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import Joi from 'joi';
import { baseSettings, databaseSettings, secret } from '../src/config.ts';
import { allowsOrigin, internalUrls, listOf, originSettings, publicUrls } from '../src/list-settings.ts';
import { readSecretFiles } from '../src/secret-files.ts';
import { keySettings } from '../src/testing/identities.ts';

const GOOD = 'k3J9-vQ2mX7pL0sTz8WbN4cYhR6dFgA1';

describe('config', () => {
  it('refuses short, sample and trivial secrets', () => {
    expect(secret().validate('short-but-random-1x').error?.message).to.include('32 bytes');
    expect(secret().validate('your-secret-key-here').error?.message).to.include('sample');
    expect(secret().validate('your-secret-key-here-your-secret-key-here').error?.message).to.include('sample');
    expect(secret().validate('a'.repeat(64)).error?.message).to.include('sample');
    expect(secret().validate(GOOD).error).to.equal(undefined);
  });

  it('splits comma lists and drops empty parts', () => {
    expect(internalUrls().validate('http://a, http://b,,').value).to.deep.equal(['http://a', 'http://b']);
  });

  it('names a bad value of a list of URLs with what was expected', () => {
    for (const bad of ['not a url', 'localhost:9003', 'ws://a:1', 'http://a/path', 'http://a?x', 'a.example', '//a']) {
      const { error } = internalUrls().label('X_URL').validate(`http://ok:1,${bad}`);
      expect(error?.message, bad).to.include('X_URL').and.include(bad).and.include('expected a URL such as http://');
    }
    expect(publicUrls().validate('https://a').error?.message).to.include('expected');
    expect(internalUrls().validate('https://a:1/').error).to.equal(undefined);
    expect(publicUrls().validate('http://user:pass@a').error?.message).to.not.include('pass');
  });

  it('names an origin that no browser sends, with what was expected', () => {
    const schema = Joi.object<{ ALLOWED_ORIGINS: string[] }>(originSettings());
    const read = (ALLOWED_ORIGINS: string) => schema.validate({ ALLOWED_ORIGINS });
    for (const bad of [
      ...['https://chat.example.com/', 'chat.example.com', 'HTTPS://chat.example.com', 'https://Chat.example.com'],
      ...[
        'https://chat.example.com:443',
        'http://a:80',
        'https://*.example.com',
        'https://*:*',
        'https://a:*:*',
        'https://a:8*',
        '"https://a"',
        'a; b',
        'ws://a',
      ],
      ...['https://a/path', 'https://a?b', 'https://user@a', 'file://', 'https://例え.jp', 'https://', '**'],
    ]) {
      const { error } = read(`https://ok.example, ${bad}`);
      expect(error?.message, bad).to.include('ALLOWED_ORIGINS').and.include('expected an origin');
    }
    const good =
      'https://a.example,http://localhost:3000,https://xn--r8jz45g.jp,capacitor://localhost,null,*,http://[::1]:81,' +
      'http://localhost:*,http://[::1]:*';
    expect(read(good).value?.ALLOWED_ORIGINS).to.have.length(9);
  });

  it('allows no origin by default in production', () => {
    const schema = Joi.object<{ ALLOWED_ORIGINS: string[] }>(originSettings());
    expect(schema.validate({ NODE_ENV: 'production' }).value?.ALLOWED_ORIGINS).to.deep.equal([]);
    const inDevelopment = schema.validate({}).value?.ALLOWED_ORIGINS ?? [];
    for (const origin of ['http://localhost:3000', 'http://localhost:5173', 'http://127.0.0.1:8080'])
      expect(allowsOrigin(inDevelopment, origin), origin).to.equal(true);
    const own = { NODE_ENV: 'production', ALLOWED_ORIGINS: 'https://a.example' };
    expect(schema.validate(own).value?.ALLOWED_ORIGINS).to.deep.equal(['https://a.example']);
  });

  it('allows an origin as it is, or with any port', () => {
    const allowed = ['https://a.example', 'http://localhost:*', 'http://[::1]:*'];
    for (const good of ['https://a.example', 'http://localhost', 'http://localhost:1', 'http://[::1]:5173'])
      expect(allowsOrigin(allowed, good), good).to.equal(true);
    for (const bad of [
      ...['https://a.example:8443', 'https://localhost:1', 'http://localhost.evil.example', 'http://localhost:1x'],
      ...['http://evil.example:80', 'http://localhost:1.evil.example', 'null', 'http://localhost:*:1', ''],
    ])
      expect(allowsOrigin(allowed, bad), bad).to.equal(false);
    expect(allowsOrigin(['*'], 'null')).to.equal(true);
  });

  it('drops empty values of a list', () => {
    expect(listOf('x', () => true).validate(' a ,, b,').value).to.deep.equal(['a', 'b']);
  });

  it('has defaults for the ports of a service and requires the rest', () => {
    const schema = Joi.object({ ...baseSettings('user', 8002), ...databaseSettings() });
    const { value, error } = schema.validate({
      REDIS_URL: 'redis://x',
      ...keySettings('user'),
      DATABASE_URL: 'postgresql://a@b/c',
    });
    expect(error).to.equal(undefined);
    expect(value).to.include({
      INSTANCE: 'user',
      PORT: 8002,
      INTERNAL_PORT: 9002,
      LOG_LEVEL: 'info',
      DATABASE_POOL: 10,
    });
    const messages = schema
      .validate({ PORT: 'x' }, { abortEarly: false })
      .error?.details.map(({ message }) => message)
      .join();
    expect(messages)
      .to.include('PORT')
      .and.include('REDIS_URL')
      .and.include('SERVICE_KEY')
      .and.include('SERVICE_PUBLIC_KEYS')
      .and.include('DATABASE_URL');
  });

  it('takes each secret from the file that X_FILE names, and says which file is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kit-secrets-'));
    const file = join(folder, 'secret');
    writeFileSync(file, `${GOOD}\n`);
    const schema = Joi.object({
      ...baseSettings('user', 8002),
      ...databaseSettings(),
      A_SECRET: secret(),
      B: Joi.string(),
    });
    const { SERVICE_KEY, ...rest } = keySettings('user');
    const read = readSecretFiles(schema, { ...rest, A_SECRET_FILE: file, B_FILE: file, SERVICE_KEY });
    expect(read).to.deep.equal({
      env: { ...rest, A_SECRET_FILE: file, B_FILE: file, SERVICE_KEY, A_SECRET: GOOD },
      faults: [],
    });
    for (const name of ['SERVICE_KEY', 'SERVICE_KEY_PREVIOUS', 'REDIS_URL', 'DATABASE_URL', 'A_SECRET'])
      expect(readSecretFiles(schema, { [`${name}_FILE`]: file }).env[name], name).to.equal(GOOD);
    const faults = readSecretFiles(schema, {
      A_SECRET: GOOD,
      A_SECRET_FILE: file,
      REDIS_URL_FILE: join(folder, 'x'),
    }).faults;
    expect(faults.sort()).to.deep.equal([
      '"A_SECRET" and "A_SECRET_FILE" are both set',
      '"REDIS_URL_FILE" can’t be read: ENOENT',
    ]);
    rmSync(folder, { recursive: true });
  });

  it('ends the process with code 78 and a line for every bad setting', () => {
    const script = `
      import Joi from 'joi';
      import { readConfig } from ${JSON.stringify(new URL('../src/config.ts', import.meta.url).href)};
      readConfig(Joi.object({ A: Joi.number().required(), B: Joi.string().required() }), { A: 'x', B: '' });
      console.log('came through');`;
    const run = spawnSync(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], {
      encoding: 'utf8',
      cwd: new URL('..', import.meta.url),
    });
    expect(run.status).to.equal(78);
    expect(run.stderr).to.include('"A" must be a number').and.include('"B" is required');
    expect(run.stdout).to.equal('');
  });
});
