import { expect } from 'chai';
import Joi from 'joi';
import { boundedList } from '../src/bounded-list.ts';
import type { AppError, Fault } from '../src/errors.ts';
import { parse, withCheck } from '../src/input.ts';

interface Body {
  name?: string;
  size?: number;
  inner?: Record<string, unknown>;
}
const schema = withCheck(
  Joi.object<Body>({
    name: Joi.string().max(5),
    size: Joi.number(),
    inner: Joi.object().unknown(),
  }),
  ({ name, size }) => (name === undefined && size === undefined ? [{ path: 'name', message: 'name is needed' }] : []),
);

function refusal(value: unknown, of: Joi.ObjectSchema = schema): AppError & { fields: Fault[] } {
  try {
    parse(of, value, 'json');
  } catch (error) {
    return Object.assign(error as AppError, { fields: (error as AppError).details.fields as Fault[] });
  }
  throw new Error('it was accepted');
}
const pathsOf = (json: string): string[] => refusal(JSON.parse(json)).fields.map(({ path }) => path);

describe('input', () => {
  it('that is wrong is told by the sentence of its first fault', () => {
    const { code, message, fields } = refusal({ size: 'x', more: 1 });
    expect([code, message]).to.deep.equal(['VALIDATION_ERROR', 'size must be a number']);
    expect(fields[0]).to.deep.equal({ path: 'size', message });
  });

  it('with `__proto__`, at any depth, is refused and names it; so is any other unknown field', () => {
    expect(pathsOf('{"name":"a","__proto__":{"admin":true}}')).to.deep.equal(['__proto__']);
    expect(pathsOf('{"name":"a","inner":{"a":[{"__proto__":1}]}}')).to.deep.equal(['inner.a.0.__proto__']);
    expect(pathsOf(String.raw`{"name":"a","\u005f_proto__":null}`)).to.deep.equal(['__proto__']);
    expect(pathsOf('{"name":"a","constructor":{},"toString":1}')).to.have.members(['constructor', 'toString']);
    const query = Object.fromEntries(new URLSearchParams('name=a&__proto__=1'));
    expect(() => parse(schema, query, 'text')).to.throw('__proto__ is not allowed');
    expect(() => parse(schema, { more: 1 }, 'text')).to.throw('more is not allowed');
  });

  it('has all its faults named at once, those of several fields together too', () => {
    expect(pathsOf('{"size":"x","inner":1,"__proto__":1,"more":1}')).to.have.members([
      '__proto__',
      'size',
      'inner',
      'more',
    ]);
    expect(pathsOf('{"inner":1}')).to.have.members(['inner', 'name']);
    expect(pathsOf('{}')).to.deep.equal(['name']);
  });

  it('with thousands of faults has 20 named, in an answer that is not larger than the input', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`field${i}`, 1]));
    expect(refusal(many).fields).to.have.length(20);
    const { details, message } = refusal({ name: 'a', ['x'.repeat(50_000)]: 1 });
    expect(JSON.stringify({ details, message }).length).to.be.below(1000);
    const protos = JSON.parse(`[${'{"__proto__":1},'.repeat(5000)}0]`);
    expect(refusal({ inner: { protos } }).fields).to.have.length(20);
  });

  it('that is a list has its first bad item named, not thousands', () => {
    const list = Joi.object({ ids: boundedList(3, Joi.string()).unique() });
    expect(refusal({ ids: [1, 'a', 3] }, list).fields.map(({ path }) => path)).to.deep.equal(['ids.0']);
    expect(refusal({ ids: ['a', 'b', 'c', 'd'] }, list).fields.map(({ path }) => path)).to.deep.equal(['ids']);
    expect(refusal({ ids: ['a', 'a'] }, list).fields.map(({ path }) => path)).to.deep.equal(['ids.1']);
    expect(parse(list, { ids: ['a', 'b', 'c'] }, 'json')).to.deep.equal({ ids: ['a', 'b', 'c'] });
  });

  it('may be nested deeply', () => {
    const depth = 40_000;
    expect(pathsOf(`{"name":${'['.repeat(depth)}${']'.repeat(depth)}}`)).to.deep.equal(['name']);
    expect(pathsOf(`{"name":"a","inner":${'{"a":'.repeat(depth)}{"__proto__":1}${'}'.repeat(depth)}}`)).to.have.length(
      1,
    );
  });

  it('of a newer peer may have unknown fields', () => {
    expect(parse(schema, { name: 'a', more: 1 }, 'peer')).to.deep.equal({ name: 'a' });
    expect(parse(schema, { size: '1', more: '1' }, 'peer text')).to.deep.equal({ size: 1 });
  });

  it('is told in plain sentences where one of several fields is needed', () => {
    const one = Joi.object({ a: Joi.string(), b: Joi.string() }).xor('a', 'b').min(1);
    expect(refusal({}, one).message).to.equal('one of [a, b] is required');
    expect(refusal({ a: 'x', b: 'y' }, one).message).to.equal('only one of [a, b] is allowed');
  });
});
