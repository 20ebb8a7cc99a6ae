/**
 * PostgreSQL connections per instance beside DATABASE_POOL. `npm run connections` adds them up.
 * `searches` is also how many run at a time; others wait for 2 s at most.
 */
export const POOLS = { reads: 4, sending: 3, pool: 4, searches: 2 };
