import { testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import type { Fact, ServiceName } from '../src/fact-types.ts';
import { genuineOf, type QueuedFact, readSettlement, settlement, signFact } from '../src/signed-facts.ts';

const erased: Fact = {
  id: 'fact_1',
  name: 'account.erased',
  payload: { user_id: 'usr_1', erased_at: '2026-01-01T00:00:00.000Z' },
};
const signed = (from: ServiceName, subscriber: ServiceName, fact = erased): QueuedFact =>
  signFact(testKeys(from), subscriber, from, fact);
/** What comes out of a queue. */
const queued = <T>(one: T): T => JSON.parse(JSON.stringify(one)) as T;
const genuine = (...facts: unknown[]): QueuedFact[] => genuineOf(testKeys('message'), queued(facts));

describe('a fact in a queue', () => {
  it('is genuine when its publisher signed it for this subscriber', () => {
    expect(genuine(signed('auth', 'message'))).to.have.length(1);
    const odd = { ...erased, payload: { user_id: 'ü', erased_at: '', 10: [1.5, null, { b: 1, a: 2 }], 2: '\u2028' } };
    expect(genuine(signed('auth', 'message', odd as never))).to.have.length(1);
  });

  it('is refused when it is unsigned, changed, for another subscriber, or of another publisher', () => {
    const good = signed('auth', 'message');
    for (const bad of [
      { ...erased, from: 'auth' },
      { ...good, mac: 'x' },
      { ...good, mac: 7 },
      { ...good, id: 'fact_2' },
      { ...good, payload: { ...erased.payload, user_id: 'usr_2' } },
      { ...good, name: 'account.updated' },
      { ...good, from: 'admin' },
      signed('auth', 'file'),
      // Signed with its own key, but not its fact to tell.
      signed('file', 'message'),
      { ...erased, from: 'nobody', mac: good.mac },
      null,
      'text',
      {},
    ])
      expect(genuine(bad)).to.deep.equal([]);
    expect(genuine(good, { ...good, mac: 'x' })).to.have.length(1);
    for (const noList of [undefined, 'x', { 0: good, length: 1 }])
      expect(genuineOf(testKeys('message'), noList)).to.deep.equal([]);
  });
});

describe('a settlement', () => {
  const entry = settlement(testKeys('message'), 'auth', 'message', 'fact_1');

  it('is believed when the subscriber signed it for this fact and publisher', () => {
    expect(readSettlement(testKeys('auth'), entry)).to.deep.equal({ subscriber: 'message', factId: 'fact_1' });
  });

  it('is ignored when somebody else wrote it, so that no fact is lost', () => {
    for (const bad of [
      'message fact_1',
      entry.replace('fact_1', 'fact_2'),
      entry.replace('message', 'user'),
      settlement(testKeys('file'), 'auth', 'message', 'fact_1'),
      'nobody fact_1 x',
      '',
    ])
      expect(readSettlement(testKeys('auth'), bad), bad).to.equal(undefined);
    expect(readSettlement(testKeys('file'), entry), 'of another publisher').to.equal(undefined);
  });
});
