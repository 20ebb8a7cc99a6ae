import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import Joi from 'joi';
import { baseSettings, databaseSettings, list, secret } from '../src/config.ts';

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
    expect(list().validate('http://a, http://b,,').value).to.deep.equal(['http://a', 'http://b']);
  });

  it('gives each service defaults for its ports and demands the rest', () => {
    const schema = Joi.object({ ...baseSettings('user', 8002), ...databaseSettings() });
    const { value, error } = schema.validate({
      REDIS_URL: 'redis://x',
      INTERNAL_SECRET_KEY: GOOD,
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
      .and.include('INTERNAL_SECRET_KEY')
      .and.include('DATABASE_URL');
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
