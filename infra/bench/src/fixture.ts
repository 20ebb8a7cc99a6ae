// Names that the product's accounts and rooms have in the bench.
export const PASSWORD = 'copper-violet-meadow-27';
export const HISTORY_ROOM = 'bench-history';
/** People who are in no room of the others, and who log in all at once. */
export const BUSY_NAMES = Array.from({ length: 50 }, (_, i) => `bench-busy-${i}`);
