import { expect } from 'chai';
import { textFrame } from '../src/wire/ws-frame.ts';
import { createNodeFixture, payloads, until } from './node-fixture.ts';

describe('text frames', () => {
  for (const size of [2, 125, 126, 65_535, 65_536, 200_000]) {
    it(`encode ${size} bytes as one final unmasked frame`, () => {
      const text = JSON.stringify('x'.repeat(size - 2));
      const frame = textFrame(text);
      expect(frame[0]).to.equal(0x81);
      expect((frame[1] as number) & 0x80).to.equal(0);
      expect(payloads(frame)).to.deep.equal(['x'.repeat(size - 2)]);
      expect(textFrame(Buffer.from(text)).equals(frame)).to.equal(true);
    });
  }

  it('count non-ASCII text in bytes', () => {
    expect(payloads(textFrame(JSON.stringify('žluťoučký 🐎')))).to.deep.equal(['žluťoučký 🐎']);
  });
});

describe('writer', () => {
  it('writes the frames of a turn at once, with the same buffer for all connections', async () => {
    const { node, join } = createNodeFixture();
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

  it('writes nothing to a closed connection, and at once on flush', async () => {
    const { node, join } = createNodeFixture();
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
