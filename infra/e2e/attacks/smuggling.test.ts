import { expect } from 'chai';
import { type Account, register } from '../support/client.ts';
import { bodyOf, exchangeBytes } from '../support/raw.ts';
import '../support/shared-cluster.ts';

const CREDENTIALS = JSON.stringify({ username_or_email: 'nobody', password: 'copper-violet-meadow-27' });
const size = CREDENTIALS.length;
const hex = size.toString(16);
const chunked = `${hex}\r\n${CREDENTIALS}\r\n0\r\n\r\n`;

describe('request smuggling', () => {
  let ann: Account;
  before(async () => {
    ann = await register('ann');
  });
  /**
   * The smuggled request, which a service behind the gateway must not take for another client's
   * next request.
   */
  const hidden = (): string => `GET /users/me HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${ann.token}\r\n\r\n`;
  const login = (headers: string, body: string): string =>
    `POST /users/login HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n${headers}\r\n${body}${hidden()}`;
  const statuses = async (text: string): Promise<number[]> =>
    (await exchangeBytes(text, undefined, 1000)).map(({ status }) => status);

  for (const [what, headers, body] of [
    ['Content-Length and Transfer-Encoding', `Content-Length: ${size}\r\nTransfer-Encoding: chunked\r\n`, chunked],
    ['Transfer-Encoding and Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', chunked],
    ['two lengths', `Content-Length: ${size}\r\nContent-Length: 3\r\n`, CREDENTIALS],
    ['a list of lengths', `Content-Length: ${size}, ${size}\r\n`, CREDENTIALS],
    ['a signed length', `Content-Length: +${size}\r\n`, CREDENTIALS],
    ['a hexadecimal length', `Content-Length: 0x${hex}\r\n`, CREDENTIALS],
    ['a blank before the colon', `Content-Length : ${size}\r\n`, CREDENTIALS],
    ['a coding that only looks like chunked', 'Transfer-Encoding: xchunked\r\n', chunked],
    ['chunked that is not the last coding', 'Transfer-Encoding: chunked, identity\r\n', chunked],
    ['two codings in two headers', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', chunked],
    ['chunked with a parameter', 'Transfer-Encoding: chunked;q=1\r\n', chunked],
    ['a folded header', 'Transfer-Encoding:\r\n chunked\r\n', chunked],
    ['a vertical tab', 'Transfer-Encoding: \x0bchunked\r\n', chunked],
    ['a bare line feed', `Content-Length: ${size}\n`, CREDENTIALS],
    ['a bare carriage return', `X-A: a\rTransfer-Encoding: chunked\r\nContent-Length: ${size}\r\n`, CREDENTIALS],
    ['a NUL', `X-A: a\0b\r\nContent-Length: ${size}\r\n`, CREDENTIALS],
    [
      'a line feed in a chunk extension',
      'Transfer-Encoding: chunked\r\n',
      `${hex};a\nb\r\n${CREDENTIALS}\r\n0\r\n\r\n`,
    ],
    ['a chunk size ended by a line feed', 'Transfer-Encoding: chunked\r\n', `${hex}\n${CREDENTIALS}\r\n0\r\n\r\n`],
    ['a negative chunk size', 'Transfer-Encoding: chunked\r\n', `-1\r\n${CREDENTIALS}\r\n0\r\n\r\n`],
    [
      'a chunk size beyond all numbers',
      'Transfer-Encoding: chunked\r\n',
      `1${'0'.repeat(17)}\r\n${CREDENTIALS}\r\n0\r\n\r\n`,
    ],
  ] as const)
    it(`by ${what} is refused with everything after it`, async () => {
      const [first, ...more] = await exchangeBytes(login(headers, body), undefined, 1000);
      expect([first?.status, more.length]).to.deep.equal([400, 0]);
      expect(bodyOf(first as never)).to.include({ error: true, code: 'VALIDATION_ERROR' });
    });

  it('does not include a regular second request after a well-defined end of the first', async () => {
    for (const [headers, body] of [
      [`Content-Length: ${size}\r\n`, CREDENTIALS],
      ['Transfer-Encoding: ChUnKeD\r\n', chunked],
      ['Transfer-Encoding: chunked\r\n', `${hex};a=b\r\n${CREDENTIALS}\r\n0\r\n\r\n`],
      [
        'Transfer-Encoding: chunked\r\nTrailer: X-ChatAPI-Identity\r\n',
        `${hex}\r\n${CREDENTIALS}\r\n0\r\nX-ChatAPI-Identity: x\r\n\r\n`,
      ],
    ] as const)
      expect(await statuses(login(headers, body)), headers).to.deep.equal([401, 200]);
  });

  it('by the body of a GET is only a body', async () => {
    const inner = hidden();
    const outer = inner.replace('\r\n\r\n', `\r\nContent-Length: ${inner.length}\r\n\r\n`);
    expect(await statuses(outer + inner)).to.deep.equal([200]);
  });

  it('does not work through a refused upgrade', async () => {
    const upgrade =
      'GET /ws/me HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    expect(await statuses(upgrade + hidden())).to.deep.equal([401]);
  });
});
