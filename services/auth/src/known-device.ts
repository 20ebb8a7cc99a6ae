// A device is known by a login in the last 30 days from the same browser family and network. A
// lockout does not stop it, so that nobody can lock the owner out by failing on purpose.
import { networkOf } from '@chatapi/kit/auth';
import type { Knex } from '@chatapi/kit/data';
import { type Device, isDeviceKnown } from './known-device-store.ts';
import type { Origin } from './session-store.ts';

/** The first that matches wins: each browser below also names those of the lines after it. */
const FAMILIES: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'edge'],
  [/\bOPR\//, 'opera'],
  [/\bSamsungBrowser\//, 'samsung'],
  [/\b(?:Firefox|FxiOS)\//, 'firefox'],
  [/\b(?:Chrome|Chromium|CriOS)\//, 'chrome'],
  [/\bSafari\//, 'safari'],
];
const MAX_FAMILY_LENGTH = 40;

/** Of another program than a browser, the name of its product: `curl` of `curl/8.5.0`. */
const productOf = (userAgent: string): string =>
  (userAgent.trim().split(/[\s/]/, 1)[0] as string).toLowerCase().slice(0, MAX_FAMILY_LENGTH);

export const familyOf = (userAgent: string): string =>
  FAMILIES.find(([pattern]) => pattern.test(userAgent))?.[1] ?? productOf(userAgent);

export const deviceOf = ({ ip, user_agent }: Origin): Device => ({
  family: familyOf(user_agent),
  network: networkOf(ip),
});

/**
 * Runs the same statement for an unknown account. @returns the key under which the device's own
 * failures count; null: not known.
 */
export async function knownDeviceKey(db: Knex, userId: string | undefined, from: Origin): Promise<string | null> {
  const device = deviceOf(from);
  return (await isDeviceKnown(db, userId ?? '', device)) ? `${device.family} ${device.network}` : null;
}
