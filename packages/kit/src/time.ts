// The schema of times from clients: RFC 3339 with a time zone, an existing day, years 1 to 9999
// (the range of both PostgreSQL and Date). Values are normalised to `2026-01-01T12:00:00.000Z`.
import Joi from 'joi';

const RFC3339 =
  /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;

const FIRST = Date.parse('0001-01-01T00:00:00.000Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');
const MINUTE = 60_000;

/**
 * Leap seconds exist only at the end of a UTC day and are read as the second after, as clocks
 * without leap seconds do.
 */
const isLeapSecond = (time: number): boolean => new Date(time).toISOString().slice(11, 19) === '23:59:59';

function readTime(text: string): number {
  const [, day = '', hour, minute, second, fraction = '', sign, zoneHour, zoneMinute] = RFC3339.exec(text) ?? [];
  const leaps = second === '60';
  const local = Date.parse(`${day}T${hour}:${minute}:${leaps ? '59' : second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  // Date reads 30 February as 2 March.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 10) !== day) return Number.NaN;
  const zone = sign === undefined ? 0 : (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1);
  const time = local - zone * MINUTE;
  if (!leaps) return time;
  return isLeapSecond(time) ? time + 1000 : Number.NaN;
}

/**
 * @returns the normalised time, fractions cut to milliseconds; undefined when `text` is not a valid
 * time.
 */
function canonicalTime(text: string): string | undefined {
  const time = readTime(text);
  return time >= FIRST && time <= LAST ? new Date(time).toISOString() : undefined;
}

interface TimeSchema extends Joi.StringSchema {
  rfc3339(): Joi.StringSchema;
}

const extended = Joi.extend({
  type: 'string',
  base: Joi.string(),
  messages: {
    'string.rfc3339': '{{#label}} must be an RFC 3339 time with a time zone: 2026-01-01T12:00:00Z',
  },
  rules: {
    rfc3339: {
      validate: (value: string, h: Joi.CustomHelpers) => canonicalTime(value) ?? h.error('string.rfc3339'),
      jsonSchema: (_rule: unknown, schema: object) => ({ ...schema, format: 'date-time' }),
    },
  },
} as Joi.Extension) as { string(): TimeSchema };

export const timestamp = (): Joi.StringSchema => extended.string().rfc3339();

/** For schemas: refuses times in the past. Use after `timestamp()`. */
export const inTheFuture = (value: string, h: Joi.CustomHelpers): string | Joi.ErrorReport =>
  value !== null && Date.parse(value) <= Date.now() ? h.message({ custom: '{{#label}} must be in the future' }) : value;
