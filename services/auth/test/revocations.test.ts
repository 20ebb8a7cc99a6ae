import type { Revocation } from '@chatapi/bus';
import { expect } from 'chai';
import { insertRevocations } from '../src/revocation-store.ts';
import { deleteExpired } from '../src/sweeps.ts';
import { type Auth, openAuth } from './harness.ts';

describe('revocations', () => {
  let auth: Auth & { schema: string };
  before(async () => {
    auth = await openAuth();
  });
  after(() => auth?.close());

  it('a reader that polls while sixteen writers commit out of order skips none', async () => {
    const seen: number[] = [];
    let last = 0;
    let writing = true;
    const read = async (): Promise<void> => {
      const { body } = await auth.inside('get', `/internal/revocations?after=${last}`);
      seen.push(...body.revocations.map(({ seq }: Revocation) => seq));
      last = body.last_seq;
    };
    const reader = (async () => {
      while (writing) await read();
    })();
    await Promise.all(
      Array.from({ length: 16 }, async (_, w) => {
        for (let i = 0; i < 10; i++) {
          await auth.ctx.db.transaction(async (trx) => {
            await insertRevocations(trx, [{ kind: 'session', subject: `s${w}.${i}` }]);
            if (i % 3 === 0) await trx.raw('select pg_sleep(0.002)');
          });
        }
      }),
    );
    writing = false;
    await reader;
    await read();
    expect(seen).to.have.length(160);
    expect(new Set(seen).size).to.equal(160);
  });

  it('of the previous release, which excepted one session, are returned unchanged', async () => {
    const row = { kind: 'user', subject: 'usr_old', at: new Date(), except_session: 'ses_spared' };
    await auth.ctx.db('revocations').insert(row);
    const { body } = await auth.inside('get', '/internal/revocations');
    expect(body.revocations.at(-1)).to.include({ subject: 'usr_old', except: 'ses_spared' });
    await auth.ctx.db('revocations').where('subject', 'usr_old').delete();
  });

  it('are deleted when no older token can be valid, whatever JWT_EXPIRE_MINUTES is by then', async () => {
    await auth.ctx.db.raw("update revocations set at = now() - interval '1445 minutes'");
    await deleteExpired({ ...auth.ctx, config: { ...auth.ctx.config, JWT_EXPIRE_MINUTES: 1 } });
    expect((await auth.inside('get', '/internal/revocations')).body.revocations).to.have.length(160);
    await auth.ctx.db.raw("update revocations set at = now() - interval '1451 minutes' where seq % 2 = 0");
    await deleteExpired(auth.ctx);
    expect((await auth.inside('get', '/internal/revocations')).body.revocations).to.have.length(80);
  });
});
