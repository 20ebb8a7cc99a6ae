// Uploaded files.
import { loaded } from './lazy.ts';
import type { FileInfo } from './models.ts';
import { type Page, pageOf, pages } from './pages.ts';
import { filled, path } from './paths.ts';
import type { CallOptions, Paging, Rest } from './rest.ts';
import type { Source, UploadOptions } from './upload.ts';

/** Every method rejects with `ChatApiError`. */
export class FilesApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /**
   * Uploads a file; attach its `id` to a message. The extension of its name decides the type
   * (`UNSUPPORTED_MEDIA_TYPE`, `PAYLOAD_TOO_LARGE`). `signal` stops it with `ABORTED`, and nothing
   * is stored. A lost connection is an error: uploads are not retried.
   */
  async upload(file: Source, options: UploadOptions = {}): Promise<FileInfo> {
    const { upload } = await loaded(import('./upload.ts'));
    return upload(this.#rest, file, options);
  }

  get(fileId: string, options?: CallOptions): Promise<FileInfo> {
    return this.#rest.call('GET', path`/files/${fileId}`, options);
  }

  /**
   * An absolute URL of the content that works without a token, for example in an `<img>`, until the
   * file's `url_expires_at`.
   */
  async url(fileId: string, options?: CallOptions): Promise<string> {
    const { url } = await this.get(fileId, options);
    return `${this.#rest.baseUrl}${url ?? filled(path`/files/${fileId}/content`).text}`;
  }

  /** Downloads the content into memory. */
  async content(fileId: string, options?: CallOptions): Promise<Blob> {
    return this.#rest.download(path`/files/${fileId}/content`, options);
  }

  /** Downloads the thumbnail of an image; `RESOURCE_NOT_FOUND` if there is none (yet). */
  async thumbnail(fileId: string, options?: CallOptions): Promise<Blob> {
    return this.#rest.download(path`/files/${fileId}/thumbnail`, options);
  }

  /** Lists the caller's files, newest first. */
  async list(query: Paging = {}, options?: CallOptions): Promise<Page<FileInfo>> {
    return pageOf('files', await this.#rest.call('GET', '/files', { ...options, query }));
  }

  iterate(): AsyncGenerator<FileInfo, void, undefined> {
    return pages((start) => this.list({ limit: 100, ...start }));
  }

  /** Deletes a file with its thumbnail. */
  delete(fileId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/files/${fileId}`, options);
  }
}
