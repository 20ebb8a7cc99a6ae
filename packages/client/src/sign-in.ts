// Who is logged in: what an app needs before it shows anything.
import type { Registration, Session, Tokens } from './models.ts';
import { PeopleApi } from './people.ts';
import type { CallOptions, Request, Rest } from './rest.ts';

export interface RegisterInput {
  /** 3–32 of `A–Z a–z 0–9 _ . -`, unique regardless of case. */
  username: string;
  email: string;
  /** 8–72 bytes. A weak one is a `VALIDATION_ERROR` with advice in `details`. */
  password: string;
  display_name?: string;
  /** Code of an invite, where one is needed or has rooms. */
  invite?: string;
}

export interface LoginInput {
  username_or_email: string;
  password: string;
}

/** Every method rejects with `ChatApiError`. */
export class SignInApi extends PeopleApi {
  readonly #rest: Rest;

  constructor(rest: Rest) {
    super(rest);
    this.#rest = rest;
  }

  /**
   * Creates an account and logs in. Where the server asks to confirm the e-mail address first, the
   * answer has no tokens: `login` works once the link in the mail was used. `CONFLICT`: username or
   * email is taken.
   */
  async register(input: RegisterInput, options?: CallOptions): Promise<Registration> {
    return this.#opened<Registration>('/users/register', input, { ...options, safe: false });
  }

  /**
   * Logs in and renews tokens from then on. `AUTHENTICATION_ERROR`: unknown user or wrong password.
   * `RATE_LIMIT_EXCEEDED`, `ACCOUNT_LOCKED`: too many failed attempts. `AUTHORIZATION_ERROR` with
   * the reason `email_unverified`: the e-mail address must be confirmed first.
   */
  async login(input: LoginInput, options?: CallOptions): Promise<Session> {
    return this.#opened<Session>('/users/login', input, options);
  }

  /** Logs out: ends this session's tokens and connections. */
  async logout(options?: CallOptions): Promise<void> {
    await this.#rest.call('POST', '/users/logout', options);
    await this.#rest.tokens.forget();
  }

  async #opened<T extends Partial<Tokens>>(to: string, body: object, options?: Request): Promise<T> {
    const session = await this.#rest.call<T>('POST', to, { ...options, body, anonymous: true });
    if (session.access_token !== undefined) await this.#rest.tokens.adopt(session as T & Tokens);
    return session;
  }
}
