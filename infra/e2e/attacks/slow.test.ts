import { connect as connectTcp, type Socket } from 'node:net';
import { expect } from 'chai';
import { type Account, register, rest } from '../support/client.ts';
import { gateway, nodes } from '../support/cluster.ts';
import '../support/shared-cluster.ts';

const HALF_REQUESTS = 300;
const OTHERS = 30;

describe('clients that never finish a request', function () {
  this.timeout(60_000);
  let ann: Account;
  const open: Socket[] = [];
  before(async () => {
    ann = await register('ann');
  });
  after(() => {
    for (const socket of open) socket.destroy();
  });

  const half = (url: string, text: string): Promise<string> =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(url);
      let got = '';
      const socket = connectTcp(Number(port), hostname, () => socket.write(text));
      open.push(socket);
      socket.on('data', (chunk) => (got += chunk));
      socket.on('error', () => resolve(got)).on('close', () => resolve(got));
    });

  it(`${HALF_REQUESTS} at once do not affect others, and each times out with the error object`, async () => {
    const starts = [
      'GET /users/me HTTP/1.1\r\nHost: gateway\r\nX-A: ',
      'POST /users/login HTTP/1.1\r\nHost: gateway\r\n',
      'GET /ws/me HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\n',
    ];
    const ends = Array.from({ length: HALF_REQUESTS }, (_, i) =>
      half(i % 4 === 0 ? nodes()[0] : gateway(), starts[i % starts.length] as string),
    );
    for (let i = 0; i < OTHERS; i++) await rest(ann).get('/users/me').expect(200);
    const answers = await Promise.all(ends);
    for (const answer of answers) expect(answer).to.match(/^HTTP\/1\.1 408 .*"code":"VALIDATION_ERROR"/s);
  });
});
