// Reads a multipart form as a stream: one part `file`, at most one `description`. Holds one chunk.
// The bytes of the file end normally only when the whole form was read and is valid.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { AppError, invalidField } from '@chatapi/kit';
import busboy from 'busboy';

export interface FilePart {
  /** As the client named it. */
  filename: string;
  /** Must be read to its end. Throws the error of the form, if it has one. */
  bytes: AsyncIterable<Buffer>;
  /** Known when `bytes` has ended. */
  description(): string | undefined;
}

const IDLE_MS = 30_000;
/** Bytes that a form may have besides the file: boundaries, headers, the description. */
export const FORM_OVERHEAD = 64 * 1024;
const MAX_DESCRIPTION_BYTES = 16 * 1024;

const aborted = (): AppError => new AppError('VALIDATION_ERROR', 'The upload was aborted');
const notAllowed = (name: string): AppError => invalidField(name, `${name} is not allowed`);
const stalled = (): AppError => new AppError('VALIDATION_ERROR', 'The upload stalled', { status: 408 });

function openParser(req: IncomingMessage): busboy.Busboy {
  if (!/^multipart\/form-data\s*(;|$)/i.test(req.headers['content-type'] ?? '')) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be multipart/form-data');
  }
  try {
    return busboy({
      headers: req.headers,
      defParamCharset: 'utf8',
      limits: { parts: 10, headerPairs: 20, fieldNameSize: 100, fieldSize: MAX_DESCRIPTION_BYTES },
    });
  } catch (cause) {
    throw new AppError('VALIDATION_ERROR', 'The form is not valid multipart', { cause });
  }
}

async function* until(stream: Readable, formIsRight: Promise<void>): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (cut) {
    // The error of the form says why the stream ended.
    await formIsRight;
    throw cut;
  }
  await formIsRight;
}

/** Passes the file to `take` while it arrives. @throws the error of `take` or of the form. */
export async function readForm<T>(req: IncomingMessage, take: (part: FilePart) => Promise<T>): Promise<T> {
  const parser = openParser(req);
  const form = Promise.withResolvers<void>();
  let file: Readable | undefined;
  let taking: Promise<T> | undefined;
  let description: string | undefined;

  const fail = (error: Error): void => {
    form.reject(error);
    req.unpipe(parser);
    file?.destroy(error);
    parser.destroy();
  };
  const idle = setTimeout(() => fail(stalled()), IDLE_MS);
  const onClose = (): void => void (req.complete || fail(aborted()));

  parser.on('file', (name, stream, info) => {
    stream.on('error', () => undefined); // reported by the parser or by `take`
    if (file !== undefined || name !== 'file' || !info.filename) {
      stream.resume();
      fail(file === undefined && name === 'file' ? invalidField('file', 'file needs a file name') : notAllowed(name));
      return;
    }
    file = stream;
    taking = take({ filename: info.filename, bytes: until(stream, form.promise), description: () => description });
    taking.catch(fail);
  });
  parser.on('field', (name, value, info) => {
    if (name !== 'description' || description !== undefined)
      fail(name === 'file' ? invalidField('file', 'file needs a file name') : notAllowed(name));
    else if (info.valueTruncated) fail(invalidField('description', 'description is too long'));
    else description = value;
  });
  parser.on('partsLimit', () => fail(new AppError('VALIDATION_ERROR', 'The form has too many parts')));
  parser.on('error', (cause) => fail(new AppError('VALIDATION_ERROR', 'The form is not valid multipart', { cause })));
  parser.on('close', () =>
    file === undefined ? form.reject(invalidField('file', 'file is required')) : form.resolve(),
  );
  req
    .on('data', () => idle.refresh())
    .on('close', onClose)
    .pipe(parser);

  try {
    await form.promise;
    return await (taking as Promise<T>);
  } catch (error) {
    // Answer only after the storage has cleaned up.
    await taking?.catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(idle);
    req.off('close', onClose);
  }
}
