// PEM keys from settings, and their public form as JWKs (RFC 7517) with thumbprints as key ids
// (RFC 7638).
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { fromFile } from '@chatapi/kit';
import Joi from 'joi';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';

export type Algorithm = 'HS256' | 'RS256' | 'EdDSA';
export type PublicJwk = JWK & { kid: string; alg: string; use: 'sig' };

const PEM = /-----BEGIN [A-Z ]+-----[\s\S]+?-----END [A-Z ]+-----/g;

/** Env files hold PEM text in one line, with `\n` for line feeds. */
const pems = (text: string): string[] => text.replaceAll('\\n', '\n').match(PEM) ?? [];

function algorithmOf(key: KeyObject): Algorithm {
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType === 'rsa' && Number(key.asymmetricKeyDetails?.modulusLength) >= 2048) return 'RS256';
  throw new Error('must be an Ed25519 key or an RSA key of at least 2048 bits');
}

export function readPrivateKey(text: string, algorithm: Algorithm): KeyObject {
  const key = createPrivateKey(pems(text)[0] ?? '');
  if (algorithmOf(key) !== algorithm) throw new Error(`is no key for ${algorithm}`);
  return key;
}

export const readPublicKeys = (text: string): KeyObject[] =>
  pems(text).map((pem) => {
    const key = createPublicKey(pem);
    algorithmOf(key);
    return key;
  });

export async function publicJwk(key: KeyObject): Promise<PublicJwk> {
  const jwk = await exportJWK(key.type === 'private' ? createPublicKey(key) : key);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: algorithmOf(key), use: 'sig' };
}

/** A setting with PEM text. A bad key is reported at start. */
export const pemSetting = (check: (text: string) => unknown): Joi.StringSchema =>
  fromFile(Joi.string())
    .custom((value: string, h) => {
      try {
        check(value);
        return value;
      } catch (error) {
        return h.error('pem.bad', { why: (error as Error).message });
      }
    })
    .messages({ 'pem.bad': '{{#label}} does not hold a usable PEM key: {{#why}}' });
