import { expect } from 'chai';
import { bundle } from '../build.ts';
import { ChatApiError } from '../src/index.ts';
import { ChatServer } from '../src/server.ts';

const MESSAGE = { id: 'msg_1', chat_id: 'general', seq: 1 };
type Said = [status: number, body: object, headers?: Record<string, string>];

/** @param say for each request. */
function serverSaying(say: (headers: Headers) => Said = () => [200, MESSAGE]) {
  const asked: Headers[] = [];
  const fetch = async (_url: unknown, init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers);
    asked.push(headers);
    const [status, body, more] = say(headers);
    return new Response(JSON.stringify(body), { status, headers: { 'x-request-id': 'req_1', ...more } });
  };
  return { asked, server: new ChatServer({ baseUrl: 'http://nowhere', key: 'cak_key', fetch: fetch as never }) };
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'taken',
    (error: ChatApiError) => error.code,
  );

describe('the client for backends', () => {
  it('names a person in each request, percent-encoded', async () => {
    for (const [person, named] of [
      ['usr_1', 'usr_1'],
      [{ externalId: 'ä/ %\r\nX: 1' }, 'ext:%C3%A4%2F%20%25%0D%0AX%3A%201'],
    ] as const) {
      const { asked, server } = serverSaying();
      const acting = server.as(person);
      await acting.messages.send({ chat_id: 'general', content: 'x' });
      await acting.files.upload(new Blob(['x']), { name: 'x.txt' });
      expect(asked.map((headers) => headers.get('x-act-as'))).to.deep.equal([named, named]);
      expect(asked.map((headers) => headers.get('authorization'))).to.deep.equal(Array(2).fill('Bearer cak_key'));
      await server.users.byId('usr_1');
      expect(asked[2]?.get('x-act-as')).to.equal(null);
    }
  });

  it('refuses what can be no id before any request', () => {
    const { asked, server } = serverSaying();
    for (const wrong of ['', '.', '..', '\ud800'])
      for (const person of [wrong, { externalId: wrong }])
        expect(() => server.as(person))
          .to.throw(ChatApiError)
          .with.property('code', 'VALIDATION_ERROR');
    expect(asked).to.have.length(0);
  });

  it('waits for the limit of the key with the calls of all persons', async () => {
    let left = 1;
    const limited = { error: true, code: 'RATE_LIMIT_EXCEEDED', message: 'm', details: {}, request_id: 'req_1' };
    const { asked, server } = serverSaying(() =>
      left-- > 0 ? [429, limited, { 'retry-after': '0.2' }] : [200, MESSAGE],
    );
    const began = performance.now();
    const first = server.as('usr_1').messages.send({ chat_id: 'general', content: 'x' });
    while (asked.length === 0) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.as('usr_2').messages.send({ chat_id: 'general', content: 'y' });
    expect(performance.now() - began).to.be.at.least(190);
    await first;
    expect(asked.map((headers) => headers.get('x-act-as'))).to.deep.equal(['usr_1', 'usr_1', 'usr_2']);
  });

  it('reports an ended key at once: it has no other token', async () => {
    const ended = { error: true, code: 'AUTHENTICATION_ERROR', message: 'm', details: {}, request_id: 'req_1' };
    const { asked, server } = serverSaying(() => [401, ended]);
    expect(await codeOf(server.users.get('1'))).to.equal('AUTHENTICATION_ERROR');
    expect(asked).to.have.length(1);
  });

  it('has errors that are those of the other bundle too', async () => {
    const files = await bundle('esm', { sourcemap: false, splitting: false });
    const code = [...files].find(([path]) => path.endsWith('/server.js'))?.[1];
    const other = await import(`data:text/javascript;base64,${Buffer.from(code as Uint8Array).toString('base64')}`);
    expect(other.ChatApiError).to.not.equal(ChatApiError);
    expect(new other.ChatApiError('CONFLICT', 'm')).to.be.instanceOf(ChatApiError);
    expect(new Error('m')).to.not.be.instanceOf(ChatApiError);
  });
});
