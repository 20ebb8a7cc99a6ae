// A file as a multipart body that is read while it is sent.
import { newId } from './platform.ts';

export interface Multipart {
  body: ReadableStream<Uint8Array>;
  /** The content type, with the boundary. */
  type: string;
}

const quoted = (name: string): string => name.replace(/["\r\n]/g, encodeURIComponent);

const PIECE = 64 * 1024;

/**
 * Fixed chunks, since a Blob's own stream has chunks of any size and would give coarse progress.
 */
function inPieces(file: Blob): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    async pull(out) {
      const piece = file.slice(at, at + PIECE);
      at += piece.size;
      if (piece.size > 0) out.enqueue(new Uint8Array(await piece.arrayBuffer()));
      else out.close();
    },
  });
}

export function multipart(
  file: Blob | ReadableStream<Uint8Array>,
  name: string,
  description: string | undefined,
  onProgress: ((sent: number, total?: number) => void) | undefined,
): Multipart {
  const boundary = newId();
  const total = file instanceof Blob ? file.size : undefined;
  const type = (file instanceof Blob && file.type) || 'application/octet-stream';
  const part = (head: string): string => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n`;
  const text = description === undefined ? '' : `${part('name="description"')}\r\n${description}\r\n`;
  const head = `${text}${part(`name="file"; filename="${quoted(name)}"`)}Content-Type: ${type}\r\n\r\n`;
  const encoder = new TextEncoder();
  const source = file instanceof Blob ? inPieces(file) : file;
  let sent = 0;
  const body = source.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start: (out) => out.enqueue(encoder.encode(head)),
      transform(chunk, out) {
        out.enqueue(chunk);
        sent += chunk.byteLength;
        onProgress?.(sent, total);
      },
      flush: (out) => out.enqueue(encoder.encode(`\r\n--${boundary}--\r\n`)),
    }),
  );
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}
