// The SDKs of this version, which npm, pip and pages install by URL. They lie beside the sources,
// put there when an image is built or by `npm start` (infra/local/src/sdk).
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { notFound, type RequestContext } from '@chatapi/kit';
import type { Context } from './context.ts';

const FOLDER = new URL('../sdk/', import.meta.url);

export interface SdkFile {
  name: string;
  version: string;
  file: string;
  path: string;
  sha256: string;
  bytes: number;
}

export interface SdkIndex {
  version: string;
  files: SdkFile[];
}

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.tgz': 'application/gzip',
  '.whl': 'application/zip',
};

const missing = (error: unknown): never => {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw notFound('The file');
  throw error;
};

/** Read each time: `npm start` may replace it. @throws AppError 404 where none was built. */
export async function sdkIndex(): Promise<SdkIndex> {
  return JSON.parse(await readFile(new URL('index.json', FOLDER), 'utf8').catch(missing));
}

/** What an image has under a name with its version never changes; a checkout's sources do. */
function cacheOf({ config }: Context, { file, version }: SdkFile): string {
  return config.NODE_ENV === 'production' && file.includes(version)
    ? 'public, max-age=31536000, immutable'
    : 'public, no-cache';
}

type Call = Pick<RequestContext<{ name: string }>, 'res' | 'params'>;

/** Only what the index names. Express answers 304 when the ETag is in If-None-Match. */
export async function sendSdk(ctx: Context, { res, params }: Call): Promise<void> {
  const { files } = await sdkIndex();
  const found = files.find(({ file }) => file === params.name);
  if (found === undefined) throw notFound('The file');
  const contents = await readFile(new URL(found.file, FOLDER)).catch(missing);
  res.set({
    'Cache-Control': cacheOf(ctx, found),
    ETag: `"${found.sha256.slice(0, 27)}"`,
    // Pages of any origin may load the script: who may call is decided at each call.
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Content-Type': TYPES[extname(found.file)] ?? 'application/octet-stream',
  });
  res.send(contents);
}
