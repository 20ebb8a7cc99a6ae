import { expect } from 'chai';
import fc from 'fast-check';
import { judge, type Known, VERDICTS } from '../src/delivery/verdict.ts';

const AT = 1_000_000;
const known = (more: Partial<Known> = {}): Known => ({
  isSender: false,
  message: { seq: 7, at: AT, isDeleted: false },
  isRoomDeleted: false,
  member: { since: 0, readSeq: 3 },
  left: null,
  deliveredSeq: null,
  account: 'active',
  connections: [],
  loggedSince: 0,
  ...more,
});
const open = { openedAt: AT - 10, closedAt: null };

describe('the verdict on a delivery', () => {
  const cases: [string, Partial<Known>, string, string[]][] = [
    ['the sender', { isSender: true, connections: [open] }, 'own', []],
    ['who has read it', { member: { since: 0, readSeq: 7 }, connections: [open] }, 'read', []],
    ['whose connection took it', { deliveredSeq: 9, connections: [open] }, 'delivered', []],
    [
      'who joined later',
      { member: { since: AT + 5000, readSeq: 0 }, connections: [open] },
      'not_a_member',
      ['joined_later'],
    ],
    ['who had left', { member: null, left: { seq: 6 }, connections: [open] }, 'not_a_member', ['left_before']],
    ['who left afterwards', { member: null, left: { seq: 8 }, connections: [open] }, 'connected', ['left_later']],
    ['a stranger', { member: null, connections: [open] }, 'not_a_member', ['never_joined']],
    [
      'a deleted message',
      { message: { seq: 7, at: AT, isDeleted: true }, connections: [open] },
      'deleted',
      ['message_deleted'],
    ],
    [
      'the banned',
      { account: 'banned' },
      'account_closed',
      ['account_banned', 'not_connected_then', 'not_connected_since'],
    ],
    ['who was away all the time', {}, 'not_connected', ['not_connected_then', 'not_connected_since']],
    [
      'who came later',
      { connections: [{ openedAt: AT + 1, closedAt: null }] },
      'connected_later',
      ['not_connected_then'],
    ],
    [
      'whose connection broke off',
      { connections: [{ openedAt: 1, closedAt: AT + 9 }] },
      'connected',
      ['connection_broke_off'],
    ],
    ['an old message', { loggedSince: AT + 1 }, 'unknown', ['log_too_old', 'not_connected_since']],
  ];
  for (const [who, facts, verdict, reasons] of cases)
    it(`of ${who} is ${verdict}`, () => {
      expect(judge(known(facts))).to.deep.equal({ verdict, reasons });
    });

  it('is read or delivered only by a position that covers the message', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.option(fc.nat(20)), (seq, readSeq, deliveredSeq) => {
        const { verdict } = judge(
          known({ message: { seq, at: AT, isDeleted: false }, member: { since: 0, readSeq }, deliveredSeq }),
        );
        expect(VERDICTS).to.include(verdict);
        expect(verdict === 'read').to.equal(readSeq >= seq);
        expect(verdict === 'delivered').to.equal(readSeq < seq && deliveredSeq !== null && deliveredSeq >= seq);
      }),
    );
  });
});
