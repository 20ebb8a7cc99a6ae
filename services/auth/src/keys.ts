// Owns: reading PEM keys from settings, and their public form as a JWK Set (RFC 7517, key ids by RFC 7638 thumbprint).
import { createHash, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Joi from 'joi';

export type Algorithm = 'HS256' | 'RS256' | 'EdDSA';
export type PublicJwk = JsonWebKey & { kid: string; alg: string; use: 'sig' };

const PEM = /-----BEGIN [A-Z ]+-----[\s\S]+?-----END [A-Z ]+-----/g;

/** PEM text in one line has its line feeds written as `\n`, as env files need it. */
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

function thumbprint({ crv, e, kty, n, x }: JsonWebKey): string {
  const members = kty === 'OKP' ? { crv, kty, x } : { e, kty, n };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

export function publicJwk(key: KeyObject): PublicJwk {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return { ...jwk, kid: thumbprint(jwk), alg: algorithmOf(key), use: 'sig' };
}

/** A setting with PEM text, or (`file`) with the path of a file that holds it; a bad one is refused at start, by name. */
export const pemSetting = (check: (text: string) => unknown, file: boolean): Joi.StringSchema =>
  Joi.string()
    .custom((value: string, h) => {
      try {
        const text = file ? readFileSync(value, 'utf8') : value;
        check(text);
        return text;
      } catch (error) {
        return h.error('pem.bad', { why: (error as Error).message });
      }
    })
    .messages({ 'pem.bad': '{{#label}} does not hold a usable PEM key: {{#why}}' });
