// Rendezvous hashing: when an instance comes or goes, only the rooms that it gains or loses move.
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function weight(key: string, instance: number): number {
  let hash = FNV_OFFSET ^ Math.imul(instance + 1, 0x9e3779b1);
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), FNV_PRIME);
  // FNV alone leaves the last characters in the low bits: mixed, so that comparing whole numbers is fair.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Which of `count` instances a room's writes go to while all is well: dense batches, no correctness. */
export function instanceFor(key: string, count: number): number {
  let best = 0;
  for (let i = 1, most = weight(key, 0); i < count; i++) {
    const w = weight(key, i);
    if (w > most) {
      best = i;
      most = w;
    }
  }
  return best;
}
