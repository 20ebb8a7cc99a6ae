// One contract for both storages. S3 is tested with a real S3 server, and with a stub for calls
// that the server lacks.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import S3rver from 's3rver';
import { createFolderStorage } from '../src/storage/folder-storage.ts';
import { createS3Storage } from '../src/storage/s3-storage.ts';
import type { Storage } from '../src/storage/storage.ts';

const MiB = 1024 * 1024;
const KEY = 'file_01a20e4e682673c18900530eda342d06';

async function* chunks(sizes: number[], fault?: Error): AsyncGenerator<Buffer> {
  for (const [i, size] of sizes.entries()) yield Buffer.alloc(size, i + 1);
  if (fault !== undefined) throw fault;
}

async function keys(storage: Storage): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list()) found.push(key);
  return found.sort();
}

// Credentials for the AWS SDK.
Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' });

async function startS3(folder: string): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const server = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: 'chat', configs: [] }],
  });
  const { port } = (await server.run()) as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

for (const kind of ['folder', 's3'] as const) {
  describe(`the store in ${kind === 'folder' ? 'a folder' : 'an S3 bucket'}`, () => {
    let folder: string;
    let storage: Storage;
    let s3: Awaited<ReturnType<typeof startS3>> | undefined;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'chatapi-store-'));
      s3 = kind === 's3' ? await startS3(folder) : undefined;
      storage =
        s3 === undefined
          ? await createFolderStorage(folder)
          : createS3Storage('s3://chat/some/prefix', { S3_ENDPOINT: s3.endpoint, S3_REGION: 'us-east-1' });
    });
    beforeEach(async () => {
      for (const key of await keys(storage)) await storage.remove(key);
    });
    after(async () => {
      storage?.close();
      await s3?.stop();
      await rm(folder, { recursive: true });
    });

    for (const sizes of [[3], [MiB, 5], [3 * MiB, 3 * MiB, 3 * MiB, 7]]) {
      it(`returns what was put in chunks of ${sizes.join(', ')}, whole and in part`, async () => {
        await storage.put(KEY, 'text/plain', chunks(sizes));
        const all = Buffer.concat(sizes.map((size, i) => Buffer.alloc(size, i + 1)));
        expect((await buffer((await storage.read(KEY)) as NodeJS.ReadableStream)).equals(all)).to.equal(true);
        const part = await buffer((await storage.read(KEY, { start: 1, end: 2 })) as NodeJS.ReadableStream);
        expect(part.equals(all.subarray(1, 3))).to.equal(true);
        expect(await keys(storage)).to.deep.equal([KEY]);
      });
    }

    for (const sizes of [[10], [3 * MiB, 3 * MiB, 3 * MiB]]) {
      it(`stores nothing of a source that fails after ${sizes.join(', ')}, and throws its error`, async () => {
        const fault = new Error('refused at the end');
        const thrown = await storage.put(KEY, 'text/plain', chunks(sizes, fault)).then(
          () => undefined,
          (error) => error,
        );
        expect(thrown).to.equal(fault);
        expect(await storage.has(KEY)).to.equal(false);
        expect(await keys(storage)).to.deep.equal([]);
      });
    }

    it('lists its objects, and a missing one is no error', async () => {
      expect(await storage.has(KEY)).to.equal(false);
      expect(await storage.read(KEY)).to.equal(undefined);
      await storage.remove(KEY);
      await storage.put(KEY, 'text/plain', chunks([1]));
      expect(await storage.has(KEY)).to.equal(true);
      await storage.remove(KEY);
      expect(await storage.has(KEY)).to.equal(false);
      await storage.ready();
      expect(await storage.removeUnfinished(0)).to.equal(0);
    });
  });
}

describe('an S3 store', () => {
  it('fails with SERVICE_UNAVAILABLE when S3 is away', async () => {
    const storage = createS3Storage('s3://chat', { S3_ENDPOINT: 'http://127.0.0.1:1', S3_REGION: 'us-east-1' });
    for (const act of [
      () => storage.has(KEY),
      () => storage.read(KEY),
      () => storage.put(KEY, 'text/plain', chunks([1])),
      () => storage.remove(KEY),
    ]) {
      const error = await act().then(
        () => undefined,
        (e: { code: string }) => e,
      );
      expect(error).to.include({ code: 'SERVICE_UNAVAILABLE' });
    }
    storage.close();
  });

  it('aborts uploads that started long ago, and no younger ones', async () => {
    const asked: string[] = [];
    const upload = (id: string, at: number) =>
      `<Upload><Key>p/${KEY}</Key><UploadId>${id}</UploadId><Initiated>${new Date(at).toISOString()}</Initiated></Upload>`;
    const server = createServer((req, res) => {
      asked.push(`${req.method} ${req.url}`);
      if (req.method === 'DELETE') res.writeHead(204).end();
      else
        res
          .setHeader('content-type', 'application/xml')
          .end(
            `<ListMultipartUploadsResult>${upload('old', 0)}${upload('new', Date.now())}</ListMultipartUploadsResult>`,
          );
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const storage = createS3Storage('s3://chat/p', {
      S3_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      S3_REGION: 'us-east-1',
    });
    try {
      expect(await storage.removeUnfinished(0)).to.equal(1);
      expect(asked.filter((line) => line.startsWith('DELETE')).join())
        .to.include('uploadId=old')
        .and.not.include('uploadId=new');
    } finally {
      storage.close();
      server.close().closeAllConnections();
    }
  });
});
