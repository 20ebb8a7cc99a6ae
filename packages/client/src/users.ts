// The caller's account and sessions: loaded when something beyond signing in is used first.
import { loaded } from './lazy.ts';
import type { ExchangedToken, Export, Me, SessionInfo, Tokens } from './models.ts';
import { type Page, pageOf } from './pages.ts';
import { path } from './paths.ts';
import type { CallOptions, Paging, Request, Rest } from './rest.ts';
import { SignInApi } from './sign-in.ts';
import type { Source, UploadOptions } from './upload.ts';

export interface ProfilePatch {
  /** 1–64 characters. */
  display_name?: string;
  /** At most 500 characters. */
  bio?: string;
  /** http or https, or the path that the profile has of an uploaded avatar. */
  avatar_url?: string | null;
  /** A merge patch (RFC 7396): null removes a key. At most 4 KiB as JSON and 5 levels. */
  custom?: Record<string, unknown>;
}

/** Every method rejects with `ChatApiError`. */
export class UsersApi extends SignInApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    super(rest);
    this.#rest = rest;
  }

  /**
   * Exchanges a JWT of an issuer that admins trust for an access token (RFC 8693). Return its
   * `access_token` from the client's `token` function, which is asked again when it has expired.
   * `AUTHENTICATION_ERROR`: `details.reason` says why.
   */
  exchangeToken(subjectToken: string, options?: CallOptions): Promise<ExchangedToken> {
    const body = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    };
    return this.#rest.call('POST', '/users/token', { ...options, body, anonymous: true });
  }

  /** Changes the given fields. */
  update(patch: ProfilePatch, options?: CallOptions): Promise<Me> {
    return this.#rest.call('PUT', '/users/me', { ...options, body: patch });
  }

  /**
   * Changes the password and ends all other sessions; this one gets new tokens.
   * `AUTHENTICATION_ERROR`: the current password is wrong.
   */
  changePassword(input: { current_password: string; new_password: string }, options?: CallOptions): Promise<Tokens> {
    return this.#renewed('PUT', '/users/me/password', { ...options, body: input, safe: false });
  }

  /**
   * Asks for a mail with a link to a new password. Resolves whether or not there is such an
   * account.
   * `SERVICE_UNAVAILABLE` with the reason `mail_not_configured`: the server sends no mail.
   */
  requestPasswordReset(input: { email: string }, options?: CallOptions): Promise<void> {
    return this.#rest.call('POST', '/users/password-resets', { ...options, body: input, safe: false, anonymous: true });
  }

  /**
   * Sets a new password with the token of a link, and ends all sessions of the account.
   * `VALIDATION_ERROR` with the reason `token_invalid`: it was used, replaced, or has expired.
   */
  confirmPasswordReset(input: { token: string; new_password: string }, options?: CallOptions): Promise<void> {
    const request = { ...options, body: input, safe: false, anonymous: true };
    return this.#rest.call('POST', '/users/password-resets/confirm', request);
  }

  /** Asks for another e-mail address, which counts once the link that it gets was confirmed. */
  changeEmail(input: { email: string; current_password: string }, options?: CallOptions): Promise<void> {
    return this.#rest.call('POST', '/users/me/email', { ...options, body: input, safe: false });
  }

  /**
   * Confirms an e-mail address with the token of a link. `VALIDATION_ERROR` with the reason
   * `token_invalid`: it was used, replaced, or has expired. `CONFLICT`: the address has another
   * account.
   */
  confirmEmail(input: { token: string }, options?: CallOptions): Promise<void> {
    const request = { ...options, body: input, safe: false, anonymous: true };
    return this.#rest.call('POST', '/users/email-confirmations', request);
  }

  /** Asks for the link again. Resolves whether or not there is an account that needs one. */
  resendEmailConfirmation(input: { email: string }, options?: CallOptions): Promise<void> {
    const request = { ...options, body: input, safe: false, anonymous: true };
    return this.#rest.call('POST', '/users/email-confirmations/resend', request);
  }

  /** Erases the account and all its content, permanently. */
  async deleteMe(input: { password: string }, options?: CallOptions): Promise<void> {
    await this.#rest.call('DELETE', '/users/me', { ...options, body: input, safe: false });
    await this.#rest.tokens.forget();
  }

  async sessions(query: Paging = {}, options?: CallOptions): Promise<Page<SessionInfo>> {
    return pageOf('sessions', await this.#rest.call('GET', '/users/me/sessions', { ...options, query }));
  }

  endSession(sessionId: string, options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', path`/users/me/sessions/${sessionId}`, options);
  }

  /** Ends all other sessions; this one gets new tokens. */
  endOtherSessions(options?: CallOptions): Promise<Tokens> {
    return this.#renewed('DELETE', '/users/me/sessions', options);
  }

  /**
   * Uploads an avatar: a PNG, JPEG, WebP or GIF of at most 2 MiB, which is cut square. The
   * `avatar_url` of the answer is relative to the server.
   */
  async setAvatar(file: Source, options: Omit<UploadOptions, 'description'> = {}): Promise<Me> {
    const { upload } = await loaded(import('./upload.ts'));
    return upload(this.#rest, file, options, 'PUT', '/users/me/avatar');
  }

  removeAvatar(options?: CallOptions): Promise<void> {
    return this.#rest.call('DELETE', '/users/me/avatar', options);
  }

  /** Requests an archive of everything that the caller wrote and uploaded. */
  startExport(options?: CallOptions): Promise<Export> {
    return this.#rest.call('POST', '/users/me/export', options);
  }

  /** Returns the state of the archive and a link to it. */
  export(options?: CallOptions): Promise<Export> {
    return this.#rest.call('GET', '/users/me/export', options);
  }

  #renewed(method: string, to: string, options?: Request): Promise<Tokens> {
    return this.#rest.tokens.replace(() => this.#rest.call(method, to, options));
  }
}
