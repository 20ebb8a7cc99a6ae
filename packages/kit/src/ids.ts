import { randomUUID } from 'node:crypto';
import { v7 } from 'uuid';

export type IdKind =
  | 'exp'
  | 'usr'
  | 'ses'
  | 'msg'
  | 'file'
  | 'fact'
  | 'con'
  | 'aud'
  | 'ann'
  | 'req'
  | 'rep'
  | 'room'
  | 'evt';

/**
 * `usr_…`: opaque to clients, sortable by creation time (UUIDv7 without dashes behind the kind). Only requests are sorted by nobody:
 * Node keeps a stock of UUIDv4, so that theirs costs a thirtieth.
 */
export const newId = (kind: IdKind): string => `${kind}_${(kind === 'req' ? randomUUID() : v7()).replaceAll('-', '')}`;

const WELL_FORMED = /^[A-Za-z0-9._-]{4,128}$/;

/** Keeps a client's own request id if it is `^[A-Za-z0-9._-]{4,128}$`, else makes one. */
export const requestIdFrom = (header: string | string[] | undefined): string =>
  typeof header === 'string' && WELL_FORMED.test(header) ? header : newId('req');
