// Storage of a session's tokens.
import { isObject } from './errors.ts';
import { SafeKeep } from './local-keep.ts';
import type { Logger } from './logger.ts';
import type { Tokens } from './models.ts';

/** Storage of a session's tokens, shared by tabs and kept over reloads. */
export interface TokenStore {
  read(): Tokens | undefined | Promise<Tokens | undefined>;
  /** undefined: logged out. */
  write(tokens: Tokens | undefined): void | Promise<void>;
}

export const isTokens = (value: unknown): value is Tokens =>
  isObject(value) && typeof value.access_token === 'string' && typeof value.refresh_token === 'string';

function parsed(text: string | undefined): Tokens | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isTokens(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A store in the browser's `localStorage`, which all scripts of the page's origin can read. Where
 * storage is denied, it lasts as long as the page.
 */
export function localTokens(key = 'chatapi.tokens', logger: Logger = console): TokenStore {
  const keep = new SafeKeep(logger);
  return {
    read: () => parsed(keep.get(key)),
    write: (tokens) => keep.set(key, tokens && JSON.stringify(tokens)),
  };
}
