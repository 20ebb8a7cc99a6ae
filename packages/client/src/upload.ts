// Uploads with progress and abort: by XMLHttpRequest if present (only it reports what was sent),
// else by `fetch` with a streamed body, so that memory use does not depend on the file size.
import { ABORTED, ChatApiError, errorOfAnswer, redirected } from './errors.ts';
import { multipart } from './multipart.ts';
import { newXhr, type Xhr } from './platform.ts';
import { cutOff, type Rest } from './rest.ts';

/** The size of a stream is unknown; browsers read it completely before they send it. */
export type Source = Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

export interface UploadOptions {
  /** Default: the name of the `File`. */
  name?: string;
  /** At most 1,000 characters. */
  description?: string;
  /** In bytes of the file; `total` is undefined for a stream. */
  onProgress?(sent: number, total?: number): void;
  signal?: AbortSignal;
}

/** Where to. */
interface Target {
  method: 'POST' | 'PUT';
  path: string;
}

export async function upload<T>(
  rest: Rest,
  source: Source,
  options: UploadOptions,
  method: 'POST' | 'PUT' = 'POST',
  path = '/files/upload',
): Promise<T> {
  const name = options.name ?? (source instanceof Blob && 'name' in source ? String(source.name) : 'file');
  const xhr = newXhr();
  let file = source instanceof Uint8Array ? new Blob([source]) : source;
  if (xhr !== undefined && file instanceof ReadableStream) file = await new Response(file).blob();
  let sent = false;
  const response = await rest.authorized((token) => {
    if (options.signal?.aborted) throw cutOff('', undefined, options.signal);
    // A stream can be read only once.
    if (sent && file instanceof ReadableStream) throw new ChatApiError('AUTHENTICATION_ERROR', 'The token has expired');
    sent = true;
    return xhr !== undefined && file instanceof Blob
      ? byXhr(newXhr() as Xhr, { method, path: rest.baseUrl + path }, file, name, rest.headers(token), options)
      : byFetch(rest, { method, path }, file, name, token, options);
  });
  return rest.answer(method, path, response, options.signal);
}

async function byFetch(
  rest: Rest,
  { method, path }: Target,
  file: Blob | ReadableStream<Uint8Array>,
  name: string,
  token: string | undefined,
  { description, onProgress, signal }: UploadOptions,
): Promise<Response> {
  const { body, type } = multipart(file, name, description, onProgress);
  const headers = { ...rest.headers(token), 'Content-Type': type };
  const init = { method, headers, body, signal, duplex: 'half', redirect: 'manual' };
  try {
    return await rest.fetch(rest.baseUrl + path, init as RequestInit);
  } catch (cause) {
    throw cutOff(`${method} ${path}: ${cause}`, cause, signal);
  }
}

function byXhr(
  xhr: Xhr,
  { method, path: url }: Target,
  file: Blob,
  name: string,
  headers: Record<string, string>,
  { description, onProgress, signal }: UploadOptions,
): Promise<Response> {
  const form = new FormData();
  if (description !== undefined) form.append('description', description);
  form.append('file', file, name);
  const abort = (): void => xhr.abort();
  return new Promise<Response>((resolve, reject) => {
    // The request is slightly larger than the file (name, description).
    xhr.upload.onprogress = ({ loaded }) => onProgress?.(Math.min(loaded, file.size), file.size);
    xhr.onload = () => {
      // XMLHttpRequest follows redirects by itself, to another origin without the token.
      if (xhr.responseURL !== '' && xhr.responseURL !== url) reject(redirected(xhr.status, xhr.responseURL));
      else if (xhr.status > 599)
        reject(errorOfAnswer(xhr.status, (header) => xhr.getResponseHeader(header), undefined));
      else resolve(responseOf(xhr));
    };
    xhr.onerror = () => reject(cutOff(`${method} ${url}: the connection was lost`, undefined, signal));
    xhr.onabort = () => reject(new ChatApiError(ABORTED, 'The upload was aborted'));
    xhr.open(method, url);
    for (const [header, value] of Object.entries(headers)) xhr.setRequestHeader(header, value);
    signal?.addEventListener('abort', abort);
    xhr.send(form);
  }).finally(() => signal?.removeEventListener('abort', abort));
}

function responseOf(xhr: Xhr): Response {
  const { status } = xhr;
  const headers = ['date', 'location', 'retry-after', 'x-request-id'].flatMap((name) => {
    const value = xhr.getResponseHeader(name);
    return value === null ? [] : [[name, value] as [string, string]];
  });
  // A Response of these must not have a body.
  const isEmpty = status === 204 || status === 205 || status === 304;
  return new Response(isEmpty ? null : xhr.responseText, { status, headers });
}
