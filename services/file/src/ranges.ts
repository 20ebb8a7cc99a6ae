// Owns: what part of a file a request wants: RFC 9110 single ranges, If-Range, If-None-Match, by strong ETag.

export interface Span {
  start: number;
  /** Inclusive. */
  end: number;
}

/** `whole` also for what RFC 9110 lets a server ignore: another unit, several ranges, bad syntax. */
export function wantedSpan(
  range: string | undefined,
  ifRange: string | undefined,
  etag: string,
  size: number,
): Span | 'whole' | 'none' {
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return 'whole';
  const [, from = '', to = ''] = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/.exec(range) ?? [];
  if (from === '' && to === '') return 'whole';
  if (from === '') {
    const last = Math.min(Number(to), size);
    return last === 0 ? 'none' : { start: size - last, end: size - 1 };
  }
  const start = Number(from);
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < start) return 'whole';
  return start >= size ? 'none' : { start, end };
}

/** If-None-Match compares weakly. */
export const matches = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch?.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag) ?? false;
