// The connection of the tab that leads: whose answer a frame is.
import { expect } from 'chai';
import { type LeaderNews, TabLine } from '../src/tab-line.ts';

const STATE = '{"type":"state","limit":200}';
const resume = (seq: number): string => JSON.stringify({ type: 'resume', rooms: { r: seq } });

function lineWith() {
  const sent: string[] = [];
  const told: LeaderNews[] = [];
  const socket = {
    send: (text: string) => void sent.push(text),
    drop: () => undefined,
    lost: new Promise<never>(() => undefined),
  };
  const line = new TabLine(socket, (news) => void told.push(news));
  const say = (frame: Record<string, unknown>) => line.received(frame, JSON.stringify(frame));
  return { sent, told, line, say };
}

describe('a page of state', () => {
  it('is for the tab that asked; two tabs ask one after the other', () => {
    const { sent, told, line, say } = lineWith();
    line.send('one', STATE);
    line.send('two', STATE);
    line.send('two', resume(4));
    line.send('two', '{"type":"ping"}');
    expect(sent).to.deep.equal([STATE, '{"type":"ping"}']);
    expect(say({ type: 'state', rooms: [] })).to.equal('one');
    expect(sent).to.have.length(3);
    expect(say({ type: 'message', seq: 1 }), 'an event').to.equal(undefined);
    expect(say({ type: 'state', rooms: [] })).to.equal('two');
    expect(sent.at(-1)).to.equal(resume(4));
    expect(say({ type: 'resumed', rooms: { r: { from: 4, to: 4, complete: true } } })).to.equal('two');
    const to = told.map((news) => (news.do === 'frame' ? news.to : news.do));
    expect(to).to.deep.equal(['one', undefined, 'two', 'two']);
  });

  it('that was refused does not hold up the others, and nobody gets one that nobody asked for', () => {
    const { sent, line, say } = lineWith();
    line.send('one', STATE);
    line.send('two', resume(1));
    expect(say({ type: 'error', code: 'RATE_LIMIT_EXCEEDED', message: 'm' })).to.equal(undefined);
    expect(sent).to.deep.equal([STATE, resume(1)]);
    expect(say({ type: 'resumed', rooms: { r: { from: 1, to: 1, complete: true } } })).to.equal('two');
    const other = lineWith();
    expect(other.say({ type: 'state', rooms: [] })).to.equal('');
  });
});
