// Facts and their settlements pass through queues and lists in Redis, where anybody who can write
// to Redis can put others. So a fact is signed for each subscriber by its publisher, and a
// settlement, after which the publisher forgets the fact, by its subscriber.
import { isSignedBy, macOf, SERVICES, type ServiceKeys } from '@chatapi/kit/auth';
import { FACTS, type Fact, publishes, type ServiceName } from './fact-types.ts';

/** With its publisher: a subscriber of an older version can't look up an unknown name. */
export type QueuedFact = Fact & { from: ServiceName; mac?: string };

const textOf = ({ id, name, payload }: Fact): string => `${id} ${name} ${JSON.stringify(payload)}`;

export const signFact = (keys: ServiceKeys, subscriber: ServiceName, from: ServiceName, fact: Fact): QueuedFact => ({
  ...fact,
  from,
  mac: macOf(keys.signing('fact', subscriber), textOf(fact)),
});

const isFact = (one: unknown): one is QueuedFact => {
  const { id, name, from } = (one ?? {}) as Record<string, unknown>;
  return typeof id === 'string' && typeof name === 'string' && SERVICES.some((service) => service === from);
};

function isGenuine(keys: ServiceKeys, fact: QueuedFact): boolean {
  if (fact.name in FACTS && !publishes(fact.from, fact.name)) return false;
  // Processes of the release before do not sign.
  if (fact.mac === undefined) return keys.legacy !== undefined;
  return typeof fact.mac === 'string' && isSignedBy(keys, 'fact', fact.from, fact.mac, textOf(fact));
}

/** The facts of a job that their publishers signed for this service. */
export const genuineOf = (keys: ServiceKeys, data: unknown): QueuedFact[] =>
  Array.isArray(data) ? data.filter((one) => isFact(one) && isGenuine(keys, one)) : [];

/** `<subscriber> <fact id> <signature>` */
export const settlement = (keys: ServiceKeys, publisher: ServiceName, self: ServiceName, factId: string): string =>
  `${self} ${factId} ${macOf(keys.signing('settlement', publisher), factId)}`;

const SUBSCRIBERS = [...new Set(Object.values(FACTS).flatMap(({ heard_by }) => heard_by))];

export interface Settlement {
  subscriber: string;
  factId: string;
}

/** @returns undefined for one that its subscriber did not sign. */
export function readSettlement(keys: ServiceKeys, entry: string): Settlement | undefined {
  const [subscriber = '', factId = '', mac = ''] = entry.split(' ');
  const known = SUBSCRIBERS.find((name) => name === subscriber);
  if (known === undefined || !isSignedBy(keys, 'settlement', known, mac, factId)) return undefined;
  return { subscriber, factId };
}

/** As the release before wrote it. */
export function readLegacySettlement(entry: string): Settlement {
  const cut = entry.indexOf(' ');
  return { subscriber: entry.slice(0, cut), factId: entry.slice(cut + 1) };
}
