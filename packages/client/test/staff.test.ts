import { expect } from 'chai';
import { hello, newMachine } from './model.ts';

describe('a connection of staff', () => {
  it('watches as staff on each connection, until the role ends', () => {
    const machine = newMachine();
    const asked = (): boolean => machine.frames(0).includes('{"type":"staff_subscribe"}');
    machine.watchStaff();
    machine.connecting();
    machine.received(hello, 0);
    expect(asked()).to.equal(true);
    expect(asked()).to.equal(false);
    machine.lost(1, 1012, 'going away');
    machine.connecting();
    machine.received(hello, 2);
    expect(asked()).to.equal(true);
    machine.received({ type: 'staff_ended', timestamp: '2026-01-01T12:00:00.000Z' }, 3);
    expect(machine.takeEvents().at(-1)?.type).to.equal('staff_ended');
    machine.lost(4, 1012, 'going away');
    machine.connecting();
    machine.received(hello, 5);
    expect(asked()).to.equal(false);
  });
});
