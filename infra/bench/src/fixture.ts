// Names of the benchmark's accounts and rooms.
/** Short and without digits, since zxcvbn is slow on other passwords. */
export const PASSWORD = 'qvzjkwpx';
export const HISTORY_ROOM = 'bench-history';
/** Users without common rooms, who all log in at once. */
export const BUSY_NAMES = Array.from({ length: 50 }, (_, i) => `bench-busy-${i}`);

/**
 * The two of `people` that are in room `i` of a series: neighbours, so they are on different nodes
 * if there are two.
 */
export const membersOf = (i: number, people: number): [number, number] => [(2 * i) % people, (2 * i + 1) % people];
