// Keys between services. Each service has an X25519 key pair. Two services derive the keys of their
// pair from it, which no third one knows: who takes over a service can speak in its name only.
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import Joi from 'joi';
import { fromFile } from '../secret-files.ts';

export const SERVICES = [
  'api-gateway',
  'realtime-gateway',
  'auth',
  'user',
  'message',
  'file',
  'admin',
  'integration',
] as const;
export type ServiceName = (typeof SERVICES)[number];

/** What a key is for. A text that was signed for one purpose is worthless for the others. */
export type Purpose = 'identity' | 'signal' | 'fact' | 'settlement';

export interface ServiceKeySettings {
  SERVICE_KEY: string;
  SERVICE_KEY_PREVIOUS?: string;
  SERVICE_PUBLIC_KEYS: [name: string, key: string][];
  INTERNAL_SECRET_KEY?: string;
}

export interface ServiceKeys {
  readonly self: ServiceName;
  /** The key for what this service sends to `peer`. */
  signing(purpose: Purpose, peer: ServiceName): KeyObject;
  /** Keys that `peer` may have used, the likeliest first. */
  verifying(purpose: Purpose, peer: ServiceName): readonly KeyObject[];
  /**
   * Signs for processes of the release before, and verifies theirs. Undefined: there are none, and
   * what is not signed with a service's key is refused.
   */
  readonly legacy: KeyObject | undefined;
}

// The parts of an X25519 key in DER before its 32 bytes (RFC 8410).
const PRIVATE_DER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex');
const KEY_BYTES = 32;

const privateKey = (text: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([PRIVATE_DER, Buffer.from(text, 'base64')]),
    format: 'der',
    type: 'pkcs8',
  });

const publicKey = (text: string): KeyObject =>
  createPublicKey({ key: Buffer.concat([PUBLIC_DER, Buffer.from(text, 'base64')]), format: 'der', type: 'spki' });

/** @param text a SERVICE_KEY. @returns the key for SERVICE_PUBLIC_KEYS, in base64url. */
export const publicKeyOf = (text: string): string =>
  createPublicKey(privateKey(text)).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES).toString('base64url');

const isKey = (text: string): boolean => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KEY_BYTES && new Set(bytes).size > 8;
};

const keySetting = (): Joi.StringSchema =>
  fromFile(Joi.string())
    .custom((value: string, h) => (isKey(value) ? value : h.error('key.bad')))
    .messages({ 'key.bad': '{{#label}} must be 32 random bytes in base64: make them with `openssl rand -base64 32`' });

/** `auth=<key>,user=<key>,…`; a service may have two. */
const readPublicKeys = (text: string): [string, string][] =>
  text
    .split(/[,\s]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const end = part.indexOf('=');
      return [part.slice(0, end), part.slice(end + 1)];
    });

/** A service of a newer version may be in the list too. */
const publicKeysSetting = (): Joi.Schema<[string, string][]> =>
  Joi.any()
    .custom((text: unknown, h) => {
      const keys = readPublicKeys(String(text));
      const bad = keys.find(([, key]) => !isKey(key));
      if (bad !== undefined) return h.error('keys.bad', { name: bad[0] });
      const missing = SERVICES.filter((service) => !keys.some(([name]) => name === service));
      return missing.length === 0 ? keys : h.error('keys.missing', { missing: missing.join(', ') });
    })
    .messages({
      'keys.bad': '{{#label}} has no valid X25519 key for {{#name}}',
      'keys.missing': '{{#label}} has no key of {{#missing}}',
    }) as unknown as Joi.Schema<[string, string][]>;

export const serviceKeySettings = (): Record<keyof ServiceKeySettings, Joi.Schema> => ({
  SERVICE_KEY: keySetting()
    .required()
    .description('this service’s own key for calls, facts and signals: 32 random bytes in base64'),
  SERVICE_KEY_PREVIOUS: keySetting().description(
    'another key of this service, accepted while SERVICE_PUBLIC_KEYS still has its public key',
  ),
  SERVICE_PUBLIC_KEYS: publicKeysSetting()
    .required()
    .description('X25519 public keys of all services, as `auth=…,user=…`; of two, the first is in use'),
  INTERNAL_SECRET_KEY: fromFile(Joi.string().min(32)).description(
    'only during an update from a release without SERVICE_KEY: its key, so that both versions talk',
  ),
});

/** So that INTERNAL_SECRET_KEY itself is used for nothing else. */
const legacyKey = (secret: string): KeyObject =>
  createSecretKey(createHash('sha256').update(`chatapi identity ${secret}`).digest());

/**
 * @param self name of this service.
 * @throws Error when SERVICE_PUBLIC_KEYS has no key that fits SERVICE_KEY.
 */
export function createServiceKeys(self: ServiceName, settings: ServiceKeySettings): ServiceKeys {
  const own = [settings.SERVICE_KEY, settings.SERVICE_KEY_PREVIOUS].filter((key) => key !== undefined);
  const publicKeys = (peer: ServiceName): string[] =>
    settings.SERVICE_PUBLIC_KEYS.filter(([name]) => name === peer).map(([, key]) => key);
  const known = new Set(publicKeys(self).map((key) => Buffer.from(key, 'base64').toString('base64url')));
  const fits = own.some((key) => known.has(publicKeyOf(key)));
  if (!fits) throw new Error(`SERVICE_PUBLIC_KEYS has no key of ${self} that belongs to its SERVICE_KEY`);

  const shared = (mine: string, theirs: string): Buffer =>
    diffieHellman({ privateKey: privateKey(mine), publicKey: publicKey(theirs) });
  const derive = (secret: Buffer, purpose: Purpose, from: ServiceName, to: ServiceName): KeyObject =>
    createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `chatapi ${purpose} ${from} ${to}`, KEY_BYTES)));

  const sending = new Map<string, KeyObject>();
  const receiving = new Map<string, KeyObject[]>();
  return {
    self,
    legacy: settings.INTERNAL_SECRET_KEY === undefined ? undefined : legacyKey(settings.INTERNAL_SECRET_KEY),
    signing(purpose, peer) {
      const name = `${purpose} ${peer}`;
      let key = sending.get(name);
      if (key === undefined) {
        key = derive(shared(settings.SERVICE_KEY, publicKeys(peer)[0] as string), purpose, self, peer);
        sending.set(name, key);
      }
      return key;
    },
    verifying(purpose, peer) {
      const name = `${purpose} ${peer}`;
      let keys = receiving.get(name);
      if (keys === undefined) {
        keys = own.flatMap((mine) =>
          publicKeys(peer).map((theirs) => derive(shared(mine, theirs), purpose, peer, self)),
        );
        receiving.set(name, keys);
      }
      return keys;
    },
  };
}

/** For what is not an identity: a MAC of 43 characters over `head` and what follows it. */
export const macOf = (key: KeyObject, head: string, body: string | Buffer = ''): string =>
  createHmac('sha256', key).update(head).update(body).digest('base64url');

/** @returns whether `peer` signed `head` and what follows it for this service. */
export function isSignedBy(
  keys: ServiceKeys,
  purpose: Purpose,
  peer: ServiceName,
  mac: string,
  head: string,
  body: string | Buffer = '',
): boolean {
  const given = Buffer.from(mac);
  for (const key of keys.verifying(purpose, peer)) {
    const right = Buffer.from(macOf(key, head, body));
    if (right.length === given.length && timingSafeEqual(right, given)) return true;
  }
  return false;
}
