import { expect } from 'chai';
import { errorOfFrame } from '../src/errors.ts';
import { ChatApiError } from '../src/index.ts';
import { answering, clientOf, until } from './fake-server.ts';

const refused = (status: number, code: string, more: object = {}): [number, object] => [
  status,
  { error: true, code, message: 'm', details: {}, request_id: 'req_1', ...more },
];
const caught = (call: Promise<unknown>): Promise<ChatApiError> =>
  call.then(
    () => Promise.reject(new Error('it was not refused')),
    (error) => error,
  );

describe('an error', () => {
  it('has all fields of the server’s error object', async () => {
    const { fetch } = answering(() => [...refused(403, 'AUTHORIZATION_ERROR', { details: { a: 1 } }), {}]);
    const error = await caught(clientOf({ fetch }).users.me());
    expect(error).to.be.instanceOf(ChatApiError);
    expect(error).to.include({ code: 'AUTHORIZATION_ERROR', status: 403, requestId: 'req_1', retryable: false });
    expect(error.details).to.deep.equal({ a: 1 });
  });

  it('is NETWORK_ERROR without a response and ABORTED after the caller’s signal', async () => {
    const { fetch } = answering(() => new TypeError('refused'));
    const client = clientOf({ fetch, retries: 0 });
    expect(await caught(client.users.me())).to.include({ code: 'NETWORK_ERROR', status: 0, retryable: true });
    const aborted = await caught(client.users.me({ signal: AbortSignal.abort() }));
    expect(aborted).to.include({ code: 'ABORTED', retryable: false });
  });

  it('of a frame has the retry delay in milliseconds', () => {
    const error = errorOfFrame({ code: 'RATE_LIMIT_EXCEEDED', message: 'm', retry_after_ms: 1500 });
    expect(error).to.include({ status: 0, retryable: true, retryAfterMs: 1500 });
  });
});

describe('a call', () => {
  it('that is repeatable is retried, a registration is not', async () => {
    const { asked, fetch } = answering(() => [503, {}, { 'retry-after': '0.01' }]);
    const client = clientOf({ fetch, retries: 2 });
    await caught(client.messages.send({ chat_id: 'r', content: 'c' }));
    expect(asked).to.have.length(3);
    expect(new Set(asked.map(({ body }) => body.client_id)), 'under one client_id').to.have.property('size', 1);
    await caught(client.users.register({ username: 'u', email: 'e', password: 'p' }));
    expect(asked).to.have.length(4);
    await caught(client.users.login({ username_or_email: 'u', password: 'p' }));
    expect(asked).to.have.length(7);
  });

  it('that waits for its next attempt ends with its signal', async () => {
    const { asked, fetch } = answering(() => [503, {}, { 'retry-after': '60' }]);
    const stop = new AbortController();
    const error = caught(clientOf({ fetch }).users.me({ signal: stop.signal }));
    await until(() => asked.length === 1);
    setTimeout(() => stop.abort(), 20);
    expect(await error).to.include({ code: 'ABORTED' });
  });

  it('waits for a rate limit, in order; a wait of more than 2 minutes is an error', async () => {
    const until = Date.now() + 60;
    const { asked, fetch } = answering(({ path }) => {
      if (path === '/users/late') return [...refused(429, 'RATE_LIMIT_EXCEEDED'), { 'retry-after': '121' }];
      return Date.now() < until
        ? [...refused(429, 'RATE_LIMIT_EXCEEDED'), { 'retry-after': '0.1' }]
        : [200, { id: 'usr' }];
    });
    const client = clientOf({ fetch });
    const order: string[] = [];
    await Promise.all(['a', 'b', 'c'].map((id) => client.users.get(id).then(() => order.push(id))));
    expect(order).to.deep.equal(['a', 'b', 'c']);
    expect(asked.length).to.be.at.most(8);
    expect(await caught(client.users.get('late'))).to.include({ code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: 121_000 });
  });

  it('puts values into path and query', async () => {
    const { asked, fetch } = answering(({ method }) =>
      method === 'PUT' ? [204] : [200, { messages: [], has_more: false }],
    );
    const client = clientOf({ fetch });
    await client.messages.list({ chat_id: 'a&b', limit: 5, skip: undefined });
    await client.messages.react('msg/1', '👍');
    expect(asked.map(({ path }) => path)).to.deep.equal([
      '/messages/?chat_id=a&b&limit=5',
      '/messages/msg/1/reactions/👍',
    ]);
  });
});
