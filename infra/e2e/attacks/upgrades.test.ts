import { expect } from 'chai';
import { type Account, register } from '../client.ts';
import { door, nodes } from '../cluster.ts';
import { bodyOf, exchangeBytes, requestText } from '../raw.ts';

const HANDSHAKE = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const ALLOWED = 'http://localhost:3000';

describe('an upgrade', () => {
  let ann: Account;
  before(async () => {
    ann = await register('ann');
  });
  const bearer = (): string => `Authorization: Bearer ${ann.token}`;
  /** On the door and on a node itself: both face the world. */
  const statuses = async (headers: string[], path = '/ws/me', line = `GET ${path}`): Promise<unknown[]> => {
    const found = [];
    for (const url of [door(), nodes()[0]]) {
      const text = requestText(line, [...HANDSHAKE, ...headers]).replace('Connection: close', 'Connection: Upgrade');
      const [answer] = await exchangeBytes(text, url, 400);
      if (answer?.status !== 101) expect(bodyOf(answer as never)).to.include({ error: true });
      found.push(answer?.status);
    }
    return found;
  };
  const both = (status: number): number[] => [status, status];

  it('from a page of another origin is refused, however it is written', async () => {
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

  it('gains nothing by saying which host it came to', async () => {
    const headers = [bearer(), 'Origin: https://evil.example', 'X-Forwarded-Host: evil.example'];
    expect(await statuses(headers)).to.deep.equal(both(403));
    expect(await statuses([...headers, 'X-ChatAPI-Identity: a.b.c'])).to.deep.equal(both(403));
  });

  it('from a page of the server itself is let in', async () => {
    expect(await statuses([bearer(), 'Origin: http://door'])).to.deep.equal(both(101));
  });

  it('has its token where the contract says, and the first of two counts', async () => {
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

  it('goes to one path of one user, by GET', async () => {
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
      'http://door/ws/me',
    ])
      expect(await statuses([bearer()], path), path).to.deep.equal(both(400));
    expect(await statuses([bearer()], '', 'POST /ws/me')).to.deep.equal(both(400));
  });
});
