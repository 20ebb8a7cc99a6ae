// Names that the product's accounts and rooms have in the bench.
/** Short and without digits: judging another takes longer than all else in a registration. */
export const PASSWORD = 'qvzjkwpx';
export const HISTORY_ROOM = 'bench-history';
/** People who are in no room of the others, and who log in all at once. */
export const BUSY_NAMES = Array.from({ length: 50 }, (_, i) => `bench-busy-${i}`);

/** Which two of `people` are in room `i` of a series of rooms: neighbours, so they sit on different nodes where there are two. */
export const membersOf = (i: number, people: number): [number, number] => [(2 * i) % people, (2 * i + 1) % people];
