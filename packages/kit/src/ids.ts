import { hash, randomUUID, randomUUIDv7 } from 'node:crypto';
import Joi from 'joi';
import { v7 } from 'uuid';

export type IdKind =
  | 'exp'
  | 'usr'
  | 'ses'
  | 'msg'
  | 'file'
  | 'ava'
  | 'fact'
  | 'con'
  | 'aud'
  | 'ann'
  | 'req'
  | 'rep'
  | 'room'
  | 'evt'
  | 'key'
  | 'tok'
  | 'iss'
  | 'inv'
  | 'mail'
  | 'link'
  | 'whk'
  | 'dlv'
  | 'rpl'
  | 'inh';

// These ids are made by the thousand and need no order within a millisecond. Node's functions use a
// stock of random bytes and cost a tenth of uuid's.
const NODE_UUID: Partial<Record<IdKind, () => string>> = { req: randomUUID, msg: randomUUIDv7, evt: randomUUIDv7 };

/**
 * An opaque id such as `usr_…`: the kind and a UUIDv7 without dashes, so ids sort by creation time
 * (of messages to the millisecond). Request ids are random.
 */
export const newId = (kind: IdKind): string => `${kind}_${(NODE_UUID[kind] ?? v7)().replaceAll('-', '')}`;

/** An id of this kind in a body, query or frame. */
export const idOf = (kind: IdKind): Joi.StringSchema =>
  Joi.string().pattern(new RegExp(`^${kind}_[A-Za-z0-9_-]{1,60}$`), `must be an id: ${kind}_…`);

/** An id in a path, or one of several kinds. An id of the wrong kind is answered as not found. */
export const anyId = (): Joi.StringSchema => Joi.string().pattern(/^[A-Za-z0-9_-]{1,64}$/, 'must be an id');

/** Room ids are chosen by the users who create the rooms. */
export const roomId = (): Joi.StringSchema =>
  Joi.string().pattern(
    /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/,
    'must be 1–64 of A–Z a–z 0–9 _ . : - and start with a letter or digit',
  );

/** The same id for (a, b) and (b, a). The hash does not reveal the user ids. */
export const directRoomId = (a: string, b: string): string =>
  `dm:${hash('sha256', JSON.stringify([a, b].sort()), 'base64url')}`;

export const idParams = Joi.object<{ id: string }, true>({ id: anyId().required() });

const WELL_FORMED = /^[A-Za-z0-9._-]{4,128}$/;

/** The client's request id if it matches `^[A-Za-z0-9._-]{4,128}$`, else a new one. */
export const requestIdFrom = (header: string | string[] | undefined): string =>
  typeof header === 'string' && WELL_FORMED.test(header) ? header : newId('req');
