// A username may end in a dot or dash, a sentence too: the longest reading that is somebody's name wins.
const AT_NAME = /(?<![A-Za-z0-9_.-])@([A-Za-z0-9_.-]{3,64})/g;
const MAX_NAMES = 50;

/** Readings of every `@name` in the text, each from the longest to the shortest, in lower case. */
export function mentionedNames(content: string): string[][] {
  if (!content.includes('@')) return [];
  return [...content.matchAll(AT_NAME)].slice(0, MAX_NAMES).map(([, found]) => {
    const readings = [(found as string).toLowerCase()];
    for (let name = readings[0] as string; /[.-]$/.test(name); readings.push(name)) name = name.slice(0, -1);
    return readings.filter((name) => name.length >= 3 && name.length <= 32);
  });
}

/** The people named, each once, in order. `known`: user id by lower-case username. */
export const mentionsOf = (names: string[][], known: Map<string, string>): string[] => [
  ...new Set(
    names.flatMap((readings) => {
      const name = readings.find((reading) => known.has(reading));
      return name === undefined ? [] : [known.get(name) as string];
    }),
  ),
];
