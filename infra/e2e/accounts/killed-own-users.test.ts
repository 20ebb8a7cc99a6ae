import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, loginAdmin, rest, unique } from '../support/client.ts';
import { gatewaysOf, type TestCluster } from '../support/cluster.ts';
import { outageCluster } from '../support/outage-cluster.ts';

const USERS = 60;

describe('a service killed while an application brings its users', function () {
  this.timeout(180_000);
  let own: TestCluster;
  let admin: Account;
  let app: { id: string; token: string };
  before(async () => {
    own = outageCluster();
    admin = await loginAdmin(own.url);
    const key = { name: 'brings', scopes: ['users:read', 'users:write'] };
    const { body } = await rest(admin, own.url).post('/admin/keys', key).expect(201);
    app = { id: body.id, token: body.key };
  });
  after(() => own.waitReady());

  const put = (id: string, body: object, url: string) =>
    rest(app, url)
      .put(`/app/users/${id}`, body)
      .catch((error: Error) => ({ status: 0, body: error.message }));

  for (const service of ['auth', 'user'])
    it(`${service}: an account that exists gets all of its profile, repeated or not, and is one`, async () => {
      const stem = unique(`killed-${service}`);
      const gateways = gatewaysOf(own);
      const killAt = new Set([15, 35]);
      let answered = 0;
      const bodyOf = (i: number): object => ({ bio: `bio ${i}`, custom: { n: i } });
      const answers = await Promise.all(
        Array.from({ length: USERS }, async (_, i) => {
          await sleep(i * 10);
          const answer = await put(`${stem}-${i}`, bodyOf(i), gateways[i % gateways.length] as string);
          if (killAt.has(++answered)) own.kill(service as 'auth' | 'user');
          return answer;
        }),
      );
      for (const [i, { status, body }] of answers.entries()) {
        expect(status, JSON.stringify(body)).to.be.oneOf([0, 201, 503]);
        if (status === 201) expect(body).to.deep.include(bodyOf(i));
      }
      await own.waitReady();
      for (const [i, { status }] of answers.entries())
        await eventually(async () => {
          const { body, status: found } = await rest(app, own.url).get(`/app/users/${stem}-${i}`);
          expect(found).to.be.oneOf(status === 201 ? [200] : [200, 404]);
          if (found !== 200) return;
          expect(body).to.deep.include(bodyOf(i));
          expect((await rest(admin, own.url).get(`/users/${body.id}`).expect(200)).body).to.deep.include(bodyOf(i));
        }, 20_000);
      for (let i = 0; i < USERS; i++) {
        const again = await put(`${stem}-${i}`, bodyOf(i), own.url);
        expect(again.status, JSON.stringify(again.body)).to.be.oneOf([200, 201]);
        expect(again.body as Json).to.deep.include(bodyOf(i));
      }
    });
});
