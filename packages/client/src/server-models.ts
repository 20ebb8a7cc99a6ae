// What the server takes and answers from applications.
import type { Scope } from './admin-models.ts';
import type { Me } from './models.ts';

/** A user that an application brought, by the id that it gave. */
export interface AppUser extends Me {
  external_id: string;
}

export interface AppUserFields {
  /** 3–32 of `A–Z a–z 0–9 _ . -`; default: derived, and free. `CONFLICT` if it is taken. */
  username?: string;
  /** 1–64 characters. */
  display_name?: string;
  /** At most 500 characters. */
  bio?: string;
  /** http or https. */
  avatar_url?: string | null;
  /** `CONFLICT` if another account has it. */
  email?: string | null;
  /** A merge patch (RFC 7396): null removes a key. At most 4 KiB as JSON and 5 levels. */
  custom?: Record<string, unknown>;
}

export interface AppUserInput extends AppUserFields {
  external_id: string;
}

export interface AppUserResult {
  /** As it was sent; null when it was no text. */
  external_id: string | null;
  status: 'created' | 'updated' | 'failed';
  user?: AppUser;
  /** Of one that failed. */
  error?: { code: string; message: string; details: Record<string, unknown> };
}

export interface MintInput {
  /** Seconds, 60–86,400; default 3,600. */
  expires_in?: number;
  /** 1–64 characters, shown to the user among the sessions. */
  session_name?: string;
}

/** A session of a user, without a refresh token: ask for another one before it ends. */
export interface MintedToken {
  access_token: string;
  token_type: 'bearer';
  /** Seconds until the session ends. */
  expires_in: number;
  user: AppUser;
  session_id: string;
}

export interface Bot extends Me {
  /** null: made by an application, or the owner was erased. */
  owner_id: string | null;
}

export interface BotFields {
  /** 3–32 of `A–Z a–z 0–9 _ . -`. `CONFLICT` if it is taken. */
  username?: string;
  /** 1–64 characters. */
  display_name?: string;
  /** http or https. */
  avatar_url?: string | null;
  /** At most 500 characters; the bot's `bio`. */
  description?: string;
}

export interface NewBot extends BotFields {
  username: string;
}

export interface BotTokenInput {
  /** 1–64 characters. */
  name: string;
  scopes: Scope[];
  /** Limits the token to 1–100 rooms; default: all rooms of the bot. */
  rooms?: string[];
  /** RFC 3339, in the future; default: it does not expire. */
  expires_at?: string | null;
}

/** A token of a bot, without its secret. */
export interface BotToken {
  id: string;
  name: string;
  scopes: Scope[];
  /** null: all rooms of the bot. */
  rooms: string[] | null;
  created_at: string;
  expires_at: string | null;
  /** Right within a minute. */
  last_used_at: string | null;
}

/** `token` is the secret, which is shown only once. */
export type NewBotToken = BotToken & { token: string };
