// Matches a path exactly as it is written. Each route has one spelling (with an optional trailing
// slash). Nothing is decoded or normalized, so that a service cannot read a path differently. An
// opaque parameter may have every spelling: its row leads to the same service whatever it means.
import type { Row } from './routes.ts';

export interface RouteMatch {
  /** The route's path in the table, for metrics. */
  pattern: string;
  /** The path to forward, without the trailing slash. */
  path: string;
  methods: ReadonlyMap<string, Row>;
  /** Value of `Allow`. */
  allow: string;
}

type TableEntry = Omit<RouteMatch, 'path'> & { segments: string[]; opaque: boolean };

// RFC 3986 `pchar` without the escapes of '.', '/', '\' and NUL, which a service might decode.
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!2[eEfF]|5[cC]|00)[0-9A-Fa-f]{2})+$/;
const isId = (segment: string): boolean => segment !== '.' && segment !== '..' && SEGMENT.test(segment);
/** All of `pchar`. */
const OPAQUE = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+$/;
const isOpaque = (segment: string): boolean => segment !== '.' && segment !== '..' && OPAQUE.test(segment);

const allowed = (methods: Iterable<string>): string => {
  const all = [...methods].filter((method) => method !== 'HEAD');
  return [...all, ...(all.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
};

function tableEntries(rows: Row[]): TableEntry[] {
  const byPath = Map.groupBy(rows, ({ path }) => path);
  return [...byPath].map(([pattern, group]) => {
    const methods = new Map<string, Row>(group.map((row) => [row.method, row]));
    const get = methods.get('GET');
    if (get !== undefined) methods.set('HEAD', get);
    const opaque = group.some((row) => row.opaque === true);
    return { pattern, methods, allow: allowed(methods.keys()), segments: pattern.split('/'), opaque };
  });
}

const matches = (entry: TableEntry, segments: string[]): boolean =>
  entry.segments.every((part, i) => {
    if (!part.startsWith(':')) return part === segments[i];
    return entry.opaque ? isOpaque(segments[i] as string) : isId(segments[i] as string);
  });

/** An opaque parameter may be spelled like a fixed path: then that has the methods of both. */
function withOpaque(fixed: TableEntry, all: TableEntry[]): TableEntry {
  const other = all.find(
    (entry) => entry.opaque && entry.segments.length === fixed.segments.length && matches(entry, fixed.segments),
  );
  if (other === undefined) return fixed;
  const methods = new Map([...other.methods, ...fixed.methods]);
  return { ...fixed, methods, allow: allowed(methods.keys()) };
}

/**
 * Fixed paths are one look-up and win over parameters: `/users/me` is no id. Paths with parameters
 * are grouped by first segment and length.
 */
export function createRouteTable(rows: Row[]): (path: string) => RouteMatch | undefined {
  const all = tableEntries(rows);
  const fixed = new Map(
    all.filter(({ pattern }) => !pattern.includes(':')).map((entry) => [entry.pattern, withOpaque(entry, all)]),
  );
  const groupKey = (segments: string[]): string => `${segments[1]}/${segments.length}`;
  const parameterized = Map.groupBy(
    all.filter(({ pattern }) => pattern.includes(':')),
    ({ segments }) => groupKey(segments),
  );
  return (written) => {
    const path = written.length > 2 && written.endsWith('/') ? written.slice(0, -1) : written;
    const exact = fixed.get(path);
    if (exact !== undefined) return { ...exact, path };
    const segments = path.split('/');
    const entry = parameterized.get(groupKey(segments))?.find((candidate) => matches(candidate, segments));
    return entry === undefined ? undefined : { ...entry, path };
  };
}

const SOCKET = /^\/ws\/([^/]+)\/?$/;

/** `/ws/{id}`, with or without the trailing slash. */
export const isSocketPath = (path: string): boolean => isId(SOCKET.exec(path)?.[1] ?? '.');
