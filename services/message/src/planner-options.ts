// PostgreSQL planner options for prepared statements. A connection keeps a plan, perhaps made for
// an almost empty table, until the next ANALYZE: plans that suit only small tables are disabled.

/** No sequential scans, hash joins or merge joins. */
export const NO_SCANS =
  '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off -c plan_cache_mode=force_generic_plan';

/** No sequential scans, and no more than one core for a statement. */
export const SEARCH_OPTIONS = '-c enable_seqscan=off -c max_parallel_workers_per_gather=0 -c jit=off';

/**
 * Also no joins that read all of a small table and probe the batch for each row: only bitmap scans
 * are left, which need an index condition.
 */
export const PROBES = `${NO_SCANS} -c enable_indexscan=off -c enable_indexonlyscan=off`;
