// Owns: reading one multipart form as a stream: exactly one file part named `file`, at most one `description`.
// Guarantee: nothing is held but one chunk; the file's bytes end normally only when the whole form was read and is right.
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { AppError, invalidField } from '@chatapi/kit';
import busboy from 'busboy';

export interface FilePart {
  /** As the client named it. */
  filename: string;
  /** Throws the form's fault, whatever it is; to be read to its end. */
  bytes: AsyncIterable<Buffer>;
  /** Known once `bytes` has ended. */
  description(): string | undefined;
}

const IDLE_MS = 30_000;
/** What a form may have around the file: boundaries, headers, the description. */
export const FORM_OVERHEAD = 64 * 1024;
const MAX_DESCRIPTION_BYTES = 16 * 1024;

const brokenOff = (): AppError => new AppError('VALIDATION_ERROR', 'The upload was broken off');
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
    // The form knows why it was cut short.
    await formIsRight;
    throw cut;
  }
  await formIsRight;
}

/** Hands the file to `take` while it arrives. @throws what `take` throws, or the form's fault. */
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
  const onClose = (): void => void (req.complete || fail(brokenOff()));

  parser.on('file', (name, stream, info) => {
    stream.on('error', () => undefined); // whatever cut it is told by the parser or by `take`
    if (file !== undefined || name !== 'file' || !info.filename) {
      stream.resume();
      fail(
        file === undefined && name === 'file'
          ? invalidField('file', 'has no file name')
          : invalidField(name, 'is not expected here'),
      );
      return;
    }
    file = stream;
    taking = take({ filename: info.filename, bytes: until(stream, form.promise), description: () => description });
    taking.catch(fail);
  });
  parser.on('field', (name, value, info) => {
    if (name !== 'description' || description !== undefined)
      fail(invalidField(name, name === 'file' ? 'has no file name' : 'is not expected here'));
    else if (info.valueTruncated) fail(invalidField('description', 'is too long'));
    else description = value;
  });
  parser.on('partsLimit', () => fail(new AppError('VALIDATION_ERROR', 'The form has too many parts')));
  parser.on('error', (cause) => fail(new AppError('VALIDATION_ERROR', 'The form is not valid multipart', { cause })));
  parser.on('close', () => (file === undefined ? form.reject(invalidField('file', 'is required')) : form.resolve()));
  req
    .on('data', () => idle.refresh())
    .on('close', onClose)
    .pipe(parser);

  try {
    await form.promise;
    return await (taking as Promise<T>);
  } catch (error) {
    // The answer waits until the store has cleaned up.
    await taking?.catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(idle);
    req.off('close', onClose);
  }
}
