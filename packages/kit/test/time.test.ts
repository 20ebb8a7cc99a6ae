import { expect } from 'chai';
import fc from 'fast-check';
import Joi from 'joi';
import { jsonSchema, parse, timestamp } from '../src/index.ts';

const body = Joi.object<{ until: string | null }>({ until: timestamp().allow(null) });
const read = (until: unknown): unknown => parse(body, { until }, 'json').until;

describe('a time from a client', () => {
  it('is accepted in RFC 3339 and normalised', () => {
    const good: [sent: string, stored: string][] = [
      ['2099-01-01T10:00:00Z', '2099-01-01T10:00:00.000Z'],
      ['2099-01-01t10:00:00z', '2099-01-01T10:00:00.000Z'],
      ['2099-01-01T10:00:00.5Z', '2099-01-01T10:00:00.500Z'],
      ['2099-01-01T10:00:00.123456789Z', '2099-01-01T10:00:00.123Z'],
      ['2099-01-01T10:00:00.123999999999Z', '2099-01-01T10:00:00.123Z'],
      ['2099-01-01T10:00:00+05:30', '2099-01-01T04:30:00.000Z'],
      ['2099-01-01T00:00:00-03:00', '2099-01-01T03:00:00.000Z'],
      ['2099-01-01T10:00:00-00:00', '2099-01-01T10:00:00.000Z'],
      ['2096-02-29T10:00:00Z', '2096-02-29T10:00:00.000Z'],
      ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
      ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
      ['1990-12-31T23:59:60Z', '1991-01-01T00:00:00.000Z'],
      ['1990-12-31T15:59:60-08:00', '1991-01-01T00:00:00.000Z'],
    ];
    for (const [sent, stored] of good) expect([sent, read(sent)]).to.deep.equal([sent, stored]);
    expect(read(null)).to.equal(null);
  });

  it('is refused, with the name of its field, without a complete zone or with an impossible day or hour', () => {
    const bad = [
      '2099-01-01T10:00:00+05',
      '2099-01-01T10:00-03',
      '2099-01-01T10:00:00+0530',
      '2099-01-01T10:00:00',
      '2099-01-01T10:00Z',
      '2099-01-01',
      '2099-01-01 10:00:00Z',
      '2099-02-30T10:00:00Z',
      '2099-02-29T10:00:00Z',
      '2099-13-01T10:00:00Z',
      '2099-00-10T10:00:00Z',
      '2099-01-01T24:00:00Z',
      '2099-01-01T10:60:00Z',
      '2099-01-01T10:00:60Z',
      '2099-01-01T10:00:00+24:00',
      '2099-01-01T10:00:00.Z',
      '2099-01-01T10:00:00,5Z',
      '0000-01-01T00:00:00Z',
      '0001-01-01T00:00:00+01:00',
      '9999-12-31T23:59:59-01:00',
      '+002099-01-01T10:00:00Z',
      '2099-W01-1T10:00:00Z',
      ' 2099-01-01T10:00:00Z',
      '2099-01-01T10:00:00Z\n',
      '4070944800',
      '',
      4_070_944_800,
      {},
    ];
    for (const sent of bad)
      expect(() => read(sent), JSON.stringify(sent))
        .to.throw()
        .with.nested.property('details.fields[0].path', 'until');
  });

  it('stays the same moment in any zone', () => {
    const moment = fc.date({ min: new Date('0001-01-03'), max: new Date('9999-12-29'), noInvalidDate: true });
    const zone = fc.integer({ min: -23 * 60, max: 23 * 60 });
    fc.assert(
      fc.property(moment, zone, (date, minutes) => {
        const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        const two = (n: number): string => String(n).padStart(2, '0');
        const away = Math.abs(minutes);
        const sent = `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(away / 60))}:${two(away % 60)}`;
        expect(read(sent)).to.equal(date.toISOString());
      }),
    );
  });

  it('is documented as a date-time', () => {
    expect(jsonSchema(body)).to.have.nested.property('properties.until.format', 'date-time');
  });
});
