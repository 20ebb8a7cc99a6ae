import { connect as connectTcp, type Socket } from 'node:net';
import { expect } from 'chai';
import { type Account, register, rest } from '../client.ts';
import { door, nodes } from '../cluster.ts';

const HALF_REQUESTS = 300;
/** Headers may take 10 s, and the server looks every 2. */
const GIVEN_UP_MS = 15_000;

describe('clients that never finish what they say', function () {
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

  it(`${HALF_REQUESTS} at once leave others untouched, and each is given up with the error object`, async () => {
    const starts = [
      'GET /users/me HTTP/1.1\r\nHost: door\r\nX-A: ',
      'POST /users/login HTTP/1.1\r\nHost: door\r\n',
      'GET /ws/me HTTP/1.1\r\nHost: door\r\nUpgrade: websocket\r\n',
    ];
    const began = Date.now();
    const ends = Array.from({ length: HALF_REQUESTS }, (_, i) =>
      half(i % 4 === 0 ? nodes()[0] : door(), starts[i % starts.length] as string),
    );
    let served = 0;
    while (Date.now() - began < 5000) {
      const asked = Date.now();
      await rest(ann).get('/users/me').expect(200);
      expect(Date.now() - asked).to.be.lessThan(2000);
      served++;
    }
    expect(served).to.be.greaterThan(20);
    const answers = await Promise.all(ends);
    expect(Date.now() - began).to.be.lessThan(GIVEN_UP_MS);
    for (const answer of answers) expect(answer).to.match(/^HTTP\/1\.1 408 .*"code":"VALIDATION_ERROR"/s);
  });
});
