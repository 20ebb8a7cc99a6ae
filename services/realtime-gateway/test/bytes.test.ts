import { expect } from 'chai';
import { instanceFor } from '../src/rendezvous.ts';
import { textFrame } from '../src/ws-frame.ts';
import { openParts, payloads, until } from './parts.ts';

describe('frames as bytes', () => {
  for (const size of [2, 125, 126, 65_535, 65_536, 200_000]) {
    it(`a text of ${size} bytes is one whole unmasked frame`, () => {
      const text = JSON.stringify('x'.repeat(size - 2));
      const frame = textFrame(text);
      expect(frame[0]).to.equal(0x81);
      expect((frame[1] as number) & 0x80).to.equal(0);
      expect(payloads(frame)).to.deep.equal(['x'.repeat(size - 2)]);
      expect(textFrame(Buffer.from(text)).equals(frame)).to.equal(true);
    });
  }

  it('text outside ASCII is counted in bytes', () => {
    expect(payloads(textFrame(JSON.stringify('žluťoučký 🐎')))).to.deep.equal(['žluťoučký 🐎']);
  });
});

describe('the writer', () => {
  it('what a connection gets within a turn leaves in one write, the same bytes for all', async () => {
    const { node, join } = openParts();
    const [a, b, alone] = [join('a'), join('b'), join('c')];
    const frames = [1, 2, 3].map((seq) => textFrame(JSON.stringify({ seq })));
    for (const { c } of [a, b]) for (const frame of frames) node.writer.write(c, frame);
    node.writer.write(alone.c, frames[0] as Buffer);
    await until(() => alone.socket.written.length > 0);
    expect(a.socket.written).to.have.length(1);
    expect(a.socket.seqs).to.deep.equal([1, 2, 3]);
    expect(b.socket.written[0]).to.equal(a.socket.written[0]);
    expect(alone.socket.written[0]).to.equal(frames[0]);
    expect(node.writer.frames).to.equal(7);
  });

  it('a closed connection gets nothing more; a flush does not wait for the turn', async () => {
    const { node, join } = openParts();
    const { c, socket } = join('a');
    node.writer.write(c, textFrame('{"seq":1}'));
    node.writer.flush(c);
    expect(socket.seqs).to.deep.equal([1]);
    c.closed = true;
    node.writer.write(c, textFrame('{"seq":2}'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.seqs).to.deep.equal([1]);
  });
});

describe('rendezvous hashing', () => {
  const keys = Array.from({ length: 3000 }, (_, i) => `room_${i}`);

  it('spreads rooms evenly and moves only those of the instance that went', () => {
    const four = keys.map((key) => instanceFor(key, 4));
    for (const i of [0, 1, 2, 3]) expect(four.filter((at) => at === i).length).to.be.within(600, 900);
    const three = keys.map((key) => instanceFor(key, 3));
    keys.forEach((_, i) => {
      if (four[i] !== 3) expect(three[i]).to.equal(four[i]);
    });
  });
});
