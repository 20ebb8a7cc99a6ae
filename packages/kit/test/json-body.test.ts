import { expect } from 'chai';
import type { AppError } from '../src/errors.ts';
import { jsonOf, requireJson, utf8Text } from '../src/json-body.ts';

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return (error as AppError).code;
  }
};

describe('a JSON body', () => {
  it('is in UTF-8, by any label of it or of ASCII', () => {
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'application/json;charset=UTF8',
      'application/json; charset="utf-8"',
      'application/json; charset=us-ascii',
      'application/vnd.api+json ; profile=x; charset=utf-8',
    ])
      expect(
        codeOf(() => requireJson(type)),
        type,
      ).to.equal('accepted');
  });

  it('in another charset is an unsupported media type, which is named', () => {
    for (const charset of ['iso-8859-1', 'utf-16', 'utf-16le', 'utf-32', 'utf-7', 'windows-1252', 'x'])
      expect(() => requireJson(`application/json; charset=${charset}`)).to.throw(charset);
    for (const type of [
      'application/json; charset=utf-7',
      'application/json; charset=utf-8; charset=utf-7',
      'application/json; charset=',
      'text/json',
      'text/plain; charset=utf-8',
      undefined,
    ])
      expect(
        codeOf(() => requireJson(type)),
        String(type),
      ).to.equal('UNSUPPORTED_MEDIA_TYPE');
  });

  it('that is no UTF-8 is refused, not changed; a byte order mark is dropped', () => {
    expect(codeOf(() => utf8Text(Buffer.from('{"a":"é"}', 'latin1')))).to.equal('VALIDATION_ERROR');
    expect(codeOf(() => utf8Text(Buffer.from([0xed, 0xa0, 0x80])))).to.equal('VALIDATION_ERROR');
    expect(jsonOf(utf8Text(Buffer.from('\ufeff{"a":"é"}')))).to.deep.equal({ a: 'é' });
  });

  it('is an object or a list; an empty one is {}; the last of two fields counts', () => {
    expect(jsonOf('')).to.deep.equal({});
    expect(jsonOf('[1]')).to.deep.equal([1]);
    expect(jsonOf('{"a":1,"a":2}')).to.deep.equal({ a: 2 });
    for (const text of ['1', '"a"', 'null', 'true', '{', 'NaN', "{'a':1}"])
      expect(
        codeOf(() => jsonOf(text)),
        text,
      ).to.equal('VALIDATION_ERROR');
  });
});
