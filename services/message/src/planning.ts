// Owns: what PostgreSQL's planner may choose for prepared statements. A connection makes a plan once, perhaps while next to nothing is in
// the tables, and keeps it until they are analysed again: it must have no choice that is good for that moment only.

/** No scan of a table that was empty and is not any more. */
export const NO_SCANS =
  '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c plan_cache_mode=force_generic_plan';

/**
 * Besides, no join the other way round: all of a small table, and for each of its rows a look into the batch. A bitmap scan is left, and
 * that must have a condition on its index, one that a few rows can fail.
 */
export const PROBES = `${NO_SCANS} -c enable_indexscan=off -c enable_indexonlyscan=off`;
