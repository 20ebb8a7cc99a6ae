import { createHmac, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { ChatApiError } from '../src/index.ts';
import { verifyWebhook } from '../src/server.ts';

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const signed = (secret: string, text: string): string =>
  `v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
    .update(text)
    .digest('base64')}`;
const now = (): number => Math.floor(Date.now() / 1000);

describe('verifyWebhook', () => {
  const secret = newSecret();
  const body = JSON.stringify({ type: 'message', timestamp: 't', data: { content: 'ä' } });
  const headersFor = (at = now(), by = [secret]): Record<string, string> => ({
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(at),
    'webhook-signature': by.map((one) => signed(one, `evt_1.${at}.${body}`)).join(' '),
  });
  const codeOf = (...call: Parameters<typeof verifyWebhook>): Promise<string> =>
    verifyWebhook(...call).then(
      () => 'taken',
      (error: ChatApiError) => error.code,
    );

  it('gives what the server signed, by objects of headers and by Headers', async () => {
    for (const headers of [headersFor(), new Headers(headersFor())])
      expect(await verifyWebhook(headers, body, secret)).to.deep.equal(JSON.parse(body));
  });

  it('takes one of two signatures, as while a secret is replaced', async () => {
    expect(await codeOf(headersFor(now(), [newSecret(), secret]), body, secret)).to.equal('taken');
  });

  it('refuses other secrets, bodies, ids and times, and what is no signature', async () => {
    const good = headersFor();
    const refused: Parameters<typeof verifyWebhook>[] = [
      [good, body, newSecret()],
      [good, `${body} `, secret],
      [{ ...good, 'webhook-id': 'evt_2' }, body, secret],
      [{ ...good, 'webhook-timestamp': String(now() + 1) }, body, secret],
      [headersFor(now() - 301), body, secret],
      [headersFor(now() + 302), body, secret],
      [{ ...good, 'webhook-timestamp': 'x' }, body, secret],
      [{ ...good, 'webhook-signature': 'v1,%%% v2,AAAA' }, body, secret],
      [{}, body, secret],
      [good, body, 'whsec_%'],
    ];
    for (const call of refused) expect(await codeOf(...call)).to.equal('AUTHENTICATION_ERROR');
  });
});
