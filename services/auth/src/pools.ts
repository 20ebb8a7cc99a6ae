/** PostgreSQL connections per instance beside DATABASE_POOL. `npm run connections` adds them up. */
export const POOLS = { reads: 2 };
