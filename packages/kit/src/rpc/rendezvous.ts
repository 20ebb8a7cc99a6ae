// Rendezvous hashing: when an instance is added or removed, only its own rooms move. All callers
// that know the same instances prefer the same one for a room, so its sends meet in one batch.
// Correctness does not depend on it.
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function fnv(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}

/** FNV leaves the last characters in the low bits. Mixing makes comparisons fair. */
function mixed(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (half ^ (half >>> 13)) >>> 0;
}

/** Of the lists in use: one per service and change, and dropped with them. */
const seedsOf = new WeakMap<readonly string[], number[]>();

function seeds(instances: readonly string[]): number[] {
  let of = seedsOf.get(instances);
  if (of === undefined) {
    of = instances.map((instance) => mixed(fnv(instance, FNV_OFFSET)));
    seedsOf.set(instances, of);
  }
  return of;
}

/**
 * The preferred one of `instances` for the writes of a room.
 *
 * @returns undefined for an empty list.
 */
export function instanceFor(key: string, instances: readonly string[]): string | undefined {
  if (instances.length < 2) return instances[0];
  let best = 0;
  let highest = -1;
  for (const [i, seed] of seeds(instances).entries()) {
    const weight = mixed(fnv(key, seed));
    if (weight > highest) {
      best = i;
      highest = weight;
    }
  }
  return instances[best];
}
