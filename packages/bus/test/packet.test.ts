import { expect } from 'chai';
import fc from 'fast-check';
import { decodePacket, encodeRecord, type PacketRecord } from '../src/packet.ts';

const record: fc.Arbitrary<PacketRecord> = fc.record({
  kind: fc.constantFrom('event', 'notice', 'joined', 'left'),
  topic: fc.stringMatching(/^[ru]:[A-Za-z0-9_.:-]{1,40}$/),
  room: fc.stringMatching(/^[A-Za-z0-9_.:-]{0,64}$/),
  seq: fc.nat(),
  sender: fc.stringMatching(/^[a-z0-9_]{0,40}$/),
  origin: fc.stringMatching(/^[a-z0-9_]{0,40}$/),
  frame: fc.oneof(
    fc.constant(''),
    fc.string({ unit: 'binary' }).map((content) => JSON.stringify({ content })),
  ),
  committedAt: fc.option(fc.nat(), { nil: undefined }),
});

describe('packet', () => {
  it('decodes every record as it was encoded, for any text of the frames', () => {
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const packet = Buffer.from(records.map(encodeRecord).join(''));
        const back = decodePacket(packet).map((r) => ({ ...r, frame: r.frame.toString() }));
        expect(back).to.deep.equal(records);
      }),
    );
  });

  it('of a version that does not say when it was committed is read', () => {
    const [read] = decodePacket(Buffer.from('["event","r:a","a",7,"usr_a",""]\n{}\n'));
    expect(read).to.deep.include({ kind: 'event', seq: 7, committedAt: undefined });
  });
});
