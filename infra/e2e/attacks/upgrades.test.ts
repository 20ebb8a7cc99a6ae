import { expect } from 'chai';
import { type Account, register } from '../support/client.ts';
import { gateway, nodes } from '../support/cluster.ts';
import { bodyOf, exchangeBytes, requestText } from '../support/raw.ts';
import '../support/shared-cluster.ts';

const HANDSHAKE = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const ALLOWED = 'http://localhost:3000';

/** A connection that stays open. */
const ACCEPTED = /^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/;

describe('an upgrade', function () {
  this.timeout(60_000);
  let ann: Account;
  before(async () => {
    ann = await register('ann');
  });
  const bearer = (): string => `Authorization: Bearer ${ann.token}`;
  /** On the gateway and on a node: both are public. */
  const statuses = async (headers: string[], path = '/ws/me', line = `GET ${path}`): Promise<unknown[]> => {
    const found = [];
    for (const url of [gateway(), nodes()[0]]) {
      const text = requestText(line, [...HANDSHAKE, ...headers]).replace('Connection: close', 'Connection: Upgrade');
      const [answer] = await exchangeBytes(text, url, 10_000, ACCEPTED);
      if (answer?.status !== 101) expect(bodyOf(answer as never)).to.include({ error: true });
      found.push(answer?.status);
    }
    return found;
  };
  const both = (status: number): number[] => [status, status];

  it('from a page of another origin is refused in every spelling', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      `${ALLOWED}.evil.example`,
      `${ALLOWED}@evil.example`,
      'http://localhost:30000',
      'https://localhost:3000',
      'HTTP://LOCALHOST:3000/',
      `${ALLOWED}, https://evil.example`,
    ])
      expect(await statuses([bearer(), `Origin: ${origin}`]), origin).to.deep.equal(both(403));
    expect(await statuses([bearer(), `Origin: ${ALLOWED}`])).to.deep.equal(both(101));
  });

  it('is not accepted because of its Host header', async () => {
    const headers = [bearer(), 'Origin: https://evil.example', 'X-Forwarded-Host: evil.example'];
    expect(await statuses(headers)).to.deep.equal(both(403));
    expect(await statuses([...headers, 'X-ChatAPI-Identity: a.b.c'])).to.deep.equal(both(403));
  });

  it('from a page of the server itself is accepted', async () => {
    expect(await statuses([bearer(), 'Origin: http://gateway'])).to.deep.equal(both(101));
  });

  it('has its token in a documented place, and the first of two counts', async () => {
    const protocol = (value: string): string => `Sec-WebSocket-Protocol: ${value}`;
    expect(await statuses([protocol(`bearer, ${ann.token}`)])).to.deep.equal(both(101));
    expect(await statuses([], `/ws/me?token=${ann.token}`)).to.deep.equal(both(101));
    for (const headers of [
      [],
      [protocol('bearer')],
      [protocol(ann.token)],
      [protocol('bearer, bearer')],
      [protocol('bearer, a b')],
    ])
      expect(await statuses(headers), headers.join()).to.deep.equal(both(401));
    expect(await statuses([], `/ws/me?token=x&token=${ann.token}`)).to.deep.equal(both(401));
    expect(await statuses([`Cookie: token=${ann.token}`])).to.deep.equal(both(401));
  });

  it('is possible only by GET on the user’s own path', async () => {
    expect(await statuses([bearer()], `/ws/${ann.id}`)).to.deep.equal(both(101));
    expect(await statuses([bearer()], '/ws/usr_somebody_else')).to.deep.equal(both(403));
    for (const path of [
      '//ws/me',
      '/ws//me',
      '/ws/%6de',
      '/ws',
      '/ws/me/x',
      '/WS/me',
      '/users/me',
      '/internal/rooms',
      'http://gateway/ws/me',
    ])
      expect(await statuses([bearer()], path), path).to.deep.equal(both(400));
    expect(await statuses([bearer()], '', 'POST /ws/me')).to.deep.equal(both(400));
  });
});
