// Pseudo-random numbers from a seed, so that a failing run can be repeated.
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number;
  between(min: number, max: number): number;
  pick<T>(list: readonly T[]): T;
  shuffle<T>(list: readonly T[]): T[];
}

export function random(seed: number): Random {
  let state = seed >>> 0;
  // Mulberry32.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  return {
    next,
    pick,
    between: (min, max) => min + next() * (max - min),
    shuffle: (list) => {
      const left = [...list];
      return list.map(() => left.splice(Math.floor(next() * left.length), 1)[0] as (typeof left)[number]);
    },
  };
}
