// Owns: reading a path exactly as it is written. There is one spelling of each route (and one trailing slash): nothing is
// decoded, joined or cleaned here, so that no second reading of the same path can exist behind the door.
import type { Method, Row } from './routes.ts';

export interface Found {
  /** Of the table, for metrics. */
  pattern: string;
  /** As it goes inward: without the trailing slash. */
  path: string;
  methods: ReadonlyMap<string, Row>;
  /** Value of `Allow`. */
  allow: string;
}

type Branch = Omit<Found, 'path'> & { segments: string[] };

// RFC 3986 `pchar`; but no escape of '.', '/', '\' or NUL, which a reader behind the door might take for the real one.
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!2[eEfF]|5[cC]|00)[0-9A-Fa-f]{2})+$/;
const isId = (segment: string): boolean => segment !== '.' && segment !== '..' && SEGMENT.test(segment);

const allowed = (methods: Iterable<Method>): string => {
  const all = [...methods];
  return [...all, ...(all.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
};

function branches(rows: Row[]): Branch[] {
  const byPath = Map.groupBy(rows, ({ path }) => path);
  return [...byPath].map(([pattern, group]) => {
    const methods = new Map<string, Row>(group.map((row) => [row.method, row]));
    const get = methods.get('GET');
    if (get !== undefined) methods.set('HEAD', get);
    return { pattern, methods, allow: allowed(group.map(({ method }) => method)), segments: pattern.split('/') };
  });
}

const fits = (branch: Branch, segments: string[]): boolean =>
  branch.segments.every((part, i) => (part.startsWith(':') ? isId(segments[i] as string) : part === segments[i]));

/** Fixed paths are one look-up; the others are few per first segment and length. Fixed ones win: `/users/me` is no id. */
export function openTable(rows: Row[]): (path: string) => Found | undefined {
  const all = branches(rows);
  const fixed = new Map(all.filter(({ pattern }) => !pattern.includes(':')).map((branch) => [branch.pattern, branch]));
  const shape = (segments: string[]): string => `${segments[1]}/${segments.length}`;
  const open = Map.groupBy(
    all.filter(({ pattern }) => pattern.includes(':')),
    ({ segments }) => shape(segments),
  );
  return (written) => {
    const path = written.length > 2 && written.endsWith('/') ? written.slice(0, -1) : written;
    const known = fixed.get(path);
    if (known !== undefined) return { ...known, path };
    const segments = path.split('/');
    const branch = open.get(shape(segments))?.find((candidate) => fits(candidate, segments));
    return branch === undefined ? undefined : { ...branch, path };
  };
}

const SOCKET = /^\/ws\/([^/]+)\/?$/;

/** `/ws/{id}`, with or without the trailing slash. */
export const isSocketPath = (path: string): boolean => isId(SOCKET.exec(path)?.[1] ?? '.');
