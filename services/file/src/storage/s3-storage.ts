// Storage in an S3 bucket. Instances share nothing else. Holds up to one part per upload (5 MiB:
// S3 accepts no smaller ones); an object appears when its upload is complete.
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { unavailable } from '@chatapi/kit';
import type { Config } from '../config.ts';
import type { Storage, StoredObject } from './storage.ts';

const PART_BYTES = 5 * 1024 * 1024;
/** S3 tells when an upload started, not when it last progressed: longer than any request takes. */
const UNFINISHED_MS = 15 * 60_000;

const absent = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;

/** Client errors of S3 (permissions, names) stay as they are; other errors are an outage. */
const toOutage = (error: unknown): unknown =>
  error instanceof S3ServiceException && error.$fault === 'client' ? error : unavailable('The file store', error);

const orUndefined = (error: unknown): undefined => {
  if (absent(error)) return undefined;
  throw toOutage(error);
};

function createClient({ S3_ENDPOINT, S3_REGION }: Pick<Config, 'S3_ENDPOINT' | 'S3_REGION'>): S3Client {
  return new S3Client({
    region: S3_REGION,
    // Other servers rarely have a host name per bucket, and may not know trailing checksums.
    ...(S3_ENDPOINT === undefined ? {} : { endpoint: S3_ENDPOINT, forcePathStyle: true }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 10_000 },
  });
}

/** Passes the bytes on, and tells errors of the source from those of S3. */
function watched(source: AsyncIterable<Uint8Array>): { body: Readable; fault(): { error: unknown } | undefined } {
  let fault: { error: unknown } | undefined;
  async function* pass(): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      fault = { error };
      throw error;
    }
  }
  return { body: Readable.from(pass(), { objectMode: false }), fault: () => fault };
}

async function* objects(client: S3Client, Bucket: string, Prefix: string): AsyncGenerator<StoredObject> {
  for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
    for (const { Key = '', LastModified = new Date() } of page.Contents ?? []) {
      yield { key: Key.slice(Prefix.length), modified_at: LastModified };
    }
  }
}

async function abortOld(client: S3Client, Bucket: string, Prefix: string, idleMs: number): Promise<number> {
  const started = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix })).catch((error) => {
    // Some S3 servers can't list uploads. They clean up by themselves.
    if (error instanceof S3ServiceException && error.name === 'NotImplemented') return undefined;
    throw toOutage(error);
  });
  const old = (started?.Uploads ?? []).filter(
    ({ Initiated }) => Initiated !== undefined && Date.now() - Initiated.getTime() > idleMs,
  );
  for (const { Key, UploadId } of old) await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  return old.length;
}

/** `url`: `s3://bucket/prefix`. Credentials come from the default chain of the AWS SDK. */
export function createS3Storage(url: string, config: Pick<Config, 'S3_ENDPOINT' | 'S3_REGION'>): Storage {
  const { host: Bucket, pathname } = new URL(url);
  const prefix = pathname.replace(/^\/+|\/+$/g, '').replace(/(.)$/, '$1/');
  const client = createClient(config);
  const at = (key: string) => ({ Bucket, Key: prefix + key });

  return {
    async put(key, contentType, source) {
      const { body, fault } = watched(source);
      const params = { ...at(key), Body: body, ContentType: contentType };
      const upload = new Upload({ client, params, partSize: PART_BYTES, queueSize: 1 });
      await upload.done().catch((error) => {
        body.destroy();
        throw fault()?.error ?? toOutage(error);
      });
    },
    async read(key, span) {
      const Range = span === undefined ? undefined : `bytes=${span.start}-${span.end}`;
      const found = await client.send(new GetObjectCommand({ ...at(key), Range })).catch(orUndefined);
      return found?.Body as Readable | undefined;
    },
    has: async (key) => (await client.send(new HeadObjectCommand(at(key))).catch(orUndefined)) !== undefined,
    async remove(key) {
      await client.send(new DeleteObjectCommand(at(key))).catch(orUndefined);
    },
    list: () => objects(client, Bucket, prefix),
    removeUnfinished: (idleMs) => abortOld(client, Bucket, prefix, Math.max(idleMs, UNFINISHED_MS)),
    async ready() {
      await client.send(new HeadBucketCommand({ Bucket }));
    },
    close: () => client.destroy(),
  };
}
