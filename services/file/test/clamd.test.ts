import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { createClamdScan } from '../src/jobs/clamd.ts';

async function* bytes(chunks: number, size: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < chunks; i++) yield Buffer.alloc(size, 'a');
}

describe('clamd', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Answers after so many bytes; '' closes the connection without an answer. */
  const answering = async (answer: string, after = 10): Promise<string> => {
    const server = createServer((socket) => {
      let size = 0;
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        size += chunk.length;
        if (size >= after) socket.end(answer);
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const failure = (url: string, chunks = 1, size = 10): Promise<string> =>
    createClamdScan(url)(bytes(chunks, size)).then(
      (finding) => `no failure: ${finding}`,
      (error: Error) => error.message,
    );

  it('returns the name of a finding, and null for a clean stream', async () => {
    expect(await createClamdScan(await answering('stream: Eicar FOUND\0', 30))(bytes(1, 20))).to.equal('Eicar');
    expect(await createClamdScan(await answering('stream: OK\0', 30))(bytes(1, 20))).to.equal(null);
  });

  it('does not get an end of stream from an empty chunk', async () => {
    async function* source(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(0);
      yield Buffer.alloc(20, 'a');
    }
    // Command, length, bytes, end: 38 bytes arrive only if nothing ended the stream before.
    expect(await createClamdScan(await answering('stream: Late FOUND\0', 38))(source())).to.equal('Late');
  });

  it('gives no verdict when it is away, hangs up or answers nonsense, and anonymous waits forever', async () => {
    const url = await answering('');
    expect(await failure(url)).to.match(/no verdict|ECONN|EPIPE/);
    expect(await failure(await answering('UNKNOWN COMMAND\0'))).to.include('no verdict');
    expect(await failure(await answering('stream: Heuristics ERROR\0'))).to.include('no verdict');
    expect(await failure('tcp://127.0.0.1:1')).to.include('ECONNREFUSED');
    expect(await failure('unix:///nowhere/clamd.sock')).to.include('ENOENT');
  });

  it('gives no verdict when it refuses a too large stream', async () => {
    const url = await answering('INSTREAM size limit exceeded. ERROR\0', 100_000);
    expect(await failure(url, 200, 65_536)).to.match(/no verdict|ECONN|EPIPE/);
  });
});
