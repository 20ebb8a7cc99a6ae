// Uploaded files.
import type { FileInfo } from './models.ts';
import { type Page, pageOf, pages } from './pages.ts';
import { type CallOptions, type Paging, path, type Rest } from './rest.ts';
import { type Source, type UploadOptions, upload } from './upload.ts';

/** Every method rejects with `ChatApiError`. */
export class FilesApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    this.#rest = rest;
  }

  /**
   * Uploads a file; attach its `id` to a message. The end of its name decides the type (`UNSUPPORTED_MEDIA_TYPE`,
   * `PAYLOAD_TOO_LARGE`). With `signal` it stops with `ABORTED` and nothing is kept. A cut connection is an error: what was
   * sent is not sent again.
   */
  upload(file: Source, options: UploadOptions = {}): Promise<FileInfo> {
    return upload(this.#rest, file, options);
  }

  get(fileId: string, options?: CallOptions): Promise<FileInfo> {
    return this.#rest.call('GET', path`/files/${fileId}`, options);
  }

  /** An absolute URL of the bytes that works without a token, in an `<img>` say, until the file's `url_expires_at`. */
  async url(fileId: string, options?: CallOptions): Promise<string> {
    const { url } = await this.get(fileId, options);
    return `${this.#rest.baseUrl}${url ?? path`/files/${fileId}/content`}`;
  }

  /** The bytes, held in memory. */
  async content(fileId: string, options?: CallOptions): Promise<Blob> {
    return (await this.#rest.attempt('GET', path`/files/${fileId}/content`, options)).blob();
  }

  /** A small picture of an image; `RESOURCE_NOT_FOUND` where there is none (yet). */
  async thumbnail(fileId: string, options?: CallOptions): Promise<Blob> {
    return (await this.#rest.attempt('GET', path`/files/${fileId}/thumbnail`, options)).blob();
  }

  /** My files, newest first. */
  async list(query: Paging = {}, options?: CallOptions): Promise<Page<FileInfo>> {
    return pageOf('files', await this.#rest.call('GET', '/files', { ...options, query }));
  }

  iterate(): AsyncGenerator<FileInfo, void, undefined> {
    return pages((skip) => this.list({ limit: 100, skip }));
  }

  /** Its bytes and thumbnail are gone. */
  delete(fileId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/files/${fileId}`, options);
  }
}
