// Owns: when a message was made, read from its id (UUIDv7 behind the prefix): the fact of its deletion does not say it.

/** Milliseconds since 1970; undefined when the id holds no time. */
export function timeOfId(id: string): number | undefined {
  const [, hex] = /^[a-z]+_([0-9a-f]{12})7[0-9a-f]{19}$/.exec(id) ?? [];
  return hex === undefined ? undefined : Number.parseInt(hex, 16);
}

const second = (ms: number): string => new Date(ms - (ms % 1000)).toISOString();

/** How many messages fall into each second, `sign` each. Both facts of one message count in the same second. */
export function bySecond(messages: { id: string; at: string }[], sign: 1 | -1): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { id, at } of messages) {
    const key = second(timeOfId(id) ?? Date.parse(at));
    counts.set(key, (counts.get(key) ?? 0) + sign);
  }
  return counts;
}
