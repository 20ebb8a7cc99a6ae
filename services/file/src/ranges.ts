// Conditional and range requests (RFC 9110) by strong ETag: single ranges, If-Range, If-None-Match.
import { parse, type Range } from 'range-parser';

/** A bit of range-parser's `code`. */
const INVALID = 1;

/** `whole` also where a server may ignore the header: other units, several ranges, bad syntax. */
export function wantedSpan(
  range: string | undefined,
  ifRange: string | undefined,
  etag: string,
  size: number,
): Range | 'whole' | 'none' {
  if (range === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return 'whole';
  const { type, code, ranges } = parse(size, range);
  if (type !== 'bytes' || range.includes(',') || (code & INVALID) !== 0) return 'whole';
  return ranges[0] ?? 'none';
}

/** Weak comparison, as If-None-Match demands. */
export const matches = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch?.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag) ?? false;
