import { eventually, keySettings } from '@chatapi/kit/testing';
import { expect } from 'chai';
import request from 'supertest';
import { schema } from '../src/config.ts';
import { as, type Running, type StandIn, standIn, start } from './harness.ts';

describe('system health', () => {
  let s: Running;
  let well: StandIn;
  let hangs: StandIn;
  let sick: StandIn;
  before(async () => {
    well = await standIn(() => [
      200,
      { status: 'ok', service: 'auth', instance: 'auth', version: '0.1.0', uptime_s: 12 },
    ]);
    hangs = await standIn(() => undefined);
    sick = await standIn(() => [503, { status: 'unavailable', service: 'file', instance: 'file', version: '0.1.0' }]);
    const instances = [
      { name: 'auth', service: 'auth', internal_url: well.url },
      { name: 'realtime-1', service: 'realtime-gateway', internal_url: hangs.url },
      { name: 'file', service: 'file', internal_url: sick.url },
      { name: 'user', service: 'user', internal_url: 'http://127.0.0.1:1' },
    ];
    s = await start({ INSTANCES: JSON.stringify(instances) });
  });
  after(async () => {
    await s?.stop();
    for (const one of [well, hangs, sick]) await one?.stop();
  });

  it('checks every instance, the database, Redis and queues within 3 s, whatever hangs', async () => {
    const started = Date.now();
    const { body } = await request(s.app).get('/admin/system/health').set(as('moderator')).expect(200);
    expect(Date.now() - started).to.be.lessThan(3000);
    expect(body.status).to.equal('degraded');
    expect(
      body.services.map(({ name, status, version, uptime_s }: Record<string, unknown>) => [
        name,
        status,
        version,
        uptime_s,
      ]),
    ).to.deep.equal([
      ['auth', 'ok', '0.1.0', 12],
      ['realtime-1', 'unavailable', null, null],
      ['file', 'unavailable', '0.1.0', null],
      ['user', 'unavailable', null, null],
    ]);
    for (const part of [body.database, body.redis, body.queues]) {
      expect(part.status).to.equal('ok');
      expect(part.latency_ms).to.be.a('number');
    }
    expect(body.queues.counts['facts-admin']).to.have.all.keys('waiting', 'active', 'delayed', 'failed');
    expect(body.timestamp).to.match(/Z$/);
  });

  it('metrics show the jobs of all queues by state, and none while Redis is away', async () => {
    const series = /^chatapi_queue_jobs\{queue="facts-message",state="failed".*\} 0$/m;
    expect(await s.ctx.metrics.metrics()).to.match(series);
    s.ctx.redis.disconnect();
    try {
      await eventually(() => s.ctx.redis.status === 'end');
      expect(await s.ctx.metrics.metrics()).not.to.include('chatapi_queue_jobs{');
    } finally {
      await s.ctx.redis.connect();
    }
  });

  it('answers 200 with status degraded while Redis is away', async () => {
    s.ctx.redis.disconnect();
    try {
      const { body } = await request(s.app).get('/admin/system/health').set(as('admin')).expect(200);
      expect(body).to.deep.include({ status: 'degraded' });
      expect([body.redis.status, body.queues.status, body.database.status]).to.deep.equal([
        'unavailable',
        'unavailable',
        'ok',
      ]);
    } finally {
      await s.ctx.redis.connect();
    }
  });
});

describe('INSTANCES', () => {
  const base = {
    DATABASE_URL: 'postgres://x/y',
    REDIS_URL: 'redis://x',
    ...keySettings('admin'),
  };
  it('is JSON; anything else is refused at start, by name', () => {
    expect(schema.validate(base).value.INSTANCES).to.deep.equal([]);
    expect(schema.validate({ ...base, INSTANCES: 'auth,user' }).error?.message).to.include('INSTANCES');
    expect(schema.validate({ ...base, INSTANCES: '[{"name":"a"}]' }).error?.message).to.include('INSTANCES');
  });
});
