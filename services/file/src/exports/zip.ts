// A zip archive as a stream, with one entry open at a time.
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ZipFile } from 'yazl';

export interface ZipPart {
  path: string;
  bytes: Readable;
  /** False for images and archives, which don't shrink. */
  compress: boolean;
}

/** The stream fails with the error of a part that can't be read. */
export function zipOf(parts: AsyncIterable<ZipPart>): Readable {
  const zip = new ZipFile();
  const out = zip.outputStream as Readable;
  let open: Readable | undefined;
  zip.on('error', (error) => out.destroy(error as Error));
  out.once('close', () => open?.destroy());
  const fill = async (): Promise<void> => {
    for await (const { path, bytes, compress } of parts) {
      open = bytes;
      zip.addReadStream(bytes, path, { compress });
      await finished(bytes, { writable: false });
      if (out.destroyed) return;
    }
    zip.end();
  };
  fill().catch((error: Error) => out.destroy(error));
  return out;
}
