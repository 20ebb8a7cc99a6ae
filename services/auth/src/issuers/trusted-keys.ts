// Keys that verify tokens of an issuer. The kind of key decides the algorithm, never the token: who
// knows a public key could else sign with it as a secret.
import { createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';

type Algorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA' | 'HS256';

export interface TrustedKey {
  /** Undefined: it may be the key of any `kid`. */
  kid: string | undefined;
  algorithm: Algorithm;
  key: KeyObject;
}

/** A public key as it is stored and shown. */
export type PublicJwk = JsonWebKey & { kid?: string };

const MIN_RSA_BITS = 2048;
/** The verification of a larger one would take noticeably long. */
const MAX_RSA_BITS = 8192;
const CURVES: Record<string, Algorithm> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
/** Of RSA, EC and OKP keys, and of secrets. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** @throws Error for a kind of key that verifies no token here. */
function algorithmOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): Algorithm {
  if (type === 'ed25519') return 'EdDSA';
  if (type === 'ec') {
    const algorithm = CURVES[details?.namedCurve as string];
    if (algorithm !== undefined) return algorithm;
    throw new Error('is on a curve that is not P-256, P-384 or P-521');
  }
  const bits = details?.modulusLength ?? 0;
  if (type === 'rsa' && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS) return 'RS256';
  throw new Error(
    type === 'rsa'
      ? `must have ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits`
      : 'must be a key for RS256, ES256, ES384, ES512 or EdDSA',
  );
}

function parsePublicKey(source: Parameters<typeof createPublicKey>[0]): KeyObject {
  try {
    return createPublicKey(source);
  } catch {
    throw new Error('is not a readable public key');
  }
}

function keyOfPem(text: string): KeyObject {
  if (/PRIVATE KEY/.test(text)) throw new Error('must not be a private key');
  if (text.split('-----BEGIN ').length !== 2) throw new Error('must be one PEM block or a JWK');
  return parsePublicKey(text);
}

function checkUse(jwk: Record<string, unknown>, algorithm: Algorithm): void {
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new Error('is not for signatures');
  if (Array.isArray(jwk.key_ops) && !jwk.key_ops.includes('verify')) throw new Error('is not for signatures');
  // RFC 9864 gives EdDSA's curve a name of its own.
  const named = jwk.alg === 'Ed25519' ? 'EdDSA' : jwk.alg;
  if (named !== undefined && named !== algorithm) throw new Error(`is for another algorithm than ${algorithm}`);
}

function keyOfJwk(jwk: Record<string, unknown>): TrustedKey {
  if (PRIVATE_MEMBERS.some((member) => member in jwk)) throw new Error('must not be a private key');
  const key = parsePublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  const algorithm = algorithmOf(key);
  checkUse(jwk, algorithm);
  return { kid: typeof jwk.kid === 'string' ? jwk.kid : undefined, algorithm, key };
}

/** @param source PEM text or a JWK. @throws Error that says what is wrong, without the key. */
export function readPublicKey(source: string | Record<string, unknown>): TrustedKey {
  if (typeof source !== 'string') return keyOfJwk(source);
  const key = keyOfPem(source);
  return { kid: undefined, algorithm: algorithmOf(key), key };
}

export const jwkOf = ({ kid, key }: TrustedKey): PublicJwk => ({
  ...key.export({ format: 'jwk' }),
  ...(kid === undefined ? {} : { kid }),
});

export const secretKey = (secret: string): TrustedKey => ({
  kid: undefined,
  algorithm: 'HS256',
  key: createSecretKey(Buffer.from(secret)),
});

/** Those that may have signed a token with this header. */
export const keysFor = (keys: TrustedKey[], { alg, kid }: { alg?: string; kid?: string }): TrustedKey[] => {
  const algorithm = alg === 'Ed25519' ? 'EdDSA' : alg;
  return keys.filter(
    (key) => key.algorithm === algorithm && (kid === undefined || key.kid === undefined || key.kid === kid),
  );
};
