// Checks of a request's head that both gateways make.
import type { IncomingMessage } from 'node:http';
import { AppError } from './errors.ts';

const MAX_URL_LENGTH = 8 * 1024;

/** @throws AppError 414. */
export function requireShortUrl(url: string): void {
  if (url.length > MAX_URL_LENGTH) throw new AppError('VALIDATION_ERROR', 'The URL is too long', { status: 414 });
}

/** False for other upgrades, such as `h2c`: servers then answer as if there was none. */
export const isWebSocketUpgrade = ({ headers }: IncomingMessage): boolean =>
  /(?:^|,)\s*websocket\s*(?:,|$)/i.test(headers.upgrade ?? '');
