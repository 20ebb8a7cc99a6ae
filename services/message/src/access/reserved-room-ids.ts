// Room ids that nobody may choose. Rooms that have one from an older version stay usable.

/** Direct rooms, and the logs of users; in any case, so that none looks like them. */
export const RESERVED_PREFIX = /^(?:[Dd][Mm]|[Ss][Ee][Ll][Ff]):/;

/**
 * Segments of routes under `/rooms/`: `GET /rooms/public` can't mean a room. A test compares them
 * with the routes.
 */
export const RESERVED_WORDS: readonly string[] = ['public'];
