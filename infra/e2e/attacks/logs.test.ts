import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Account, login, register, rest, say } from '../support/client.ts';
import { dispose, nodesOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { closeAll, connect, refusedUpgrade, wsUrl } from '../support/socket.ts';

describe('the logs of a cluster at level trace', function () {
  this.timeout(120_000);
  let own: TestCluster;
  let ann: Account;
  before(async () => {
    own = await ownCluster({ LOG_LEVEL: 'trace' });
    ann = await register('ann', own.url);
  });
  after(async () => {
    closeAll();
    await dispose(own);
  });

  it('contain no password and no token, wherever a client put them', async () => {
    const wrong = 'wrong-copper-meadow-99';
    const phone = await login(ann, own.url);
    const { access_token, refresh_token } = (
      await rest(undefined, own.url).post('/users/refresh', { refresh_token: phone.refresh_token }).expect(200)
    ).body;
    await rest(undefined, own.url)
      .post('/users/login', { username_or_email: ann.username, password: wrong })
      .expect(401);
    await rest({ token: access_token }, own.url).get(`/users/me?token=${access_token}`).expect(400);
    await rest(undefined, own.url).get(`/nothing?access_token=${access_token}`).expect(404);
    const bad = `${access_token.slice(0, -6)}AAAAAA`;
    await rest({ token: bad }, own.url).get('/users/me').expect(401);
    for (const url of [own.url, ...nodesOf(own)]) {
      await connect({ ...ann, token: access_token }, url);
      await refusedUpgrade(wsUrl(url, access_token, 'usr_somebody_else'));
      await refusedUpgrade(wsUrl(url, bad));
    }
    const body = { current_password: ann.password, new_password: 'granite-window-sail-88' };
    const changed = (await rest({ token: access_token }, own.url).put('/users/me/password', body).expect(200)).body;
    const words = 'words for nobody else';
    await say({ ...ann, token: changed.access_token }, { chat_id: 'quiet', content: words }, own.url);
    await own.stop();

    const folder = join(own.dataDir, 'logs');
    const logs = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(logs.join('').length).to.be.greaterThan(2000);
    for (const secret of [
      ann.password,
      wrong,
      body.new_password,
      access_token,
      bad,
      refresh_token,
      phone.refresh_token,
      changed.access_token,
      changed.refresh_token,
      words,
    ])
      expect(logs.join('\n')).to.not.include(secret);
  });
});
