import { expect } from 'chai';
import { asyncApi } from '../src/frames/asyncapi.ts';
import { createMessageFrames } from '../src/message-service/message-frames.ts';

const FRAMES = {
  message: { summary: 'A new message', schema: { type: 'object', title: 'MessageFrame', properties: {} } },
};

const STAFF = { staff_stats: { summary: 'figures', schema: { type: 'object' } } };

describe('the document of the socket', () => {
  it('has the frames that message describes, once message has said so', async () => {
    const asked: string[] = [];
    let isAway = true;
    const call = async (_method: string, path: string): Promise<any> => {
      asked.push(path);
      if (isAway) throw new Error('away');
      return { frames: FRAMES };
    };
    const frames = createMessageFrames({ call });
    expect(await frames.read()).to.deep.equal({});
    isAway = false;
    await frames.read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await frames.read()).to.deep.equal(FRAMES);
    expect(await frames.read()).to.deep.equal(FRAMES);
    expect(asked).to.deep.equal(['/internal/frames', '/internal/frames']);
  });

  it('does not wait for a message service that hangs, after the first time', async () => {
    const hanging = createMessageFrames({
      call: (_method: string, _path: string, options?: { timeoutMs?: number }): Promise<any> =>
        new Promise((_, reject) => setTimeout(() => reject(new Error('late')), options?.timeoutMs ?? 60_000)),
    });
    await hanging.read();
    const began = performance.now();
    expect(await hanging.read()).to.deep.equal({});
    expect(performance.now() - began).to.be.below(200);
  });

  it('names schemas, and tells what a client sends from what it receives', () => {
    const document: any = asyncApi(FRAMES, STAFF);
    expect(document).not.to.have.property('x-missing');
    expect(asyncApi({}, STAFF)).to.have.deep.property('x-missing', ['message']);
    expect(asyncApi(FRAMES, {})).to.have.deep.property('x-missing', ['admin']);
    expect(document.components.messages.message.payload).to.deep.equal({ $ref: '#/components/schemas/MessageFrame' });
    expect(document.components.schemas).to.include.keys('MessageFrame', 'HelloFrame', 'AckFrame', 'ResumedRoom');
    const names = (operation: string): string[] =>
      document.operations[operation].messages.map(({ $ref }: { $ref: string }) => $ref.split('/').at(-1));
    expect(names('receive')).to.include.members(['message', 'hello', 'pong']);
    expect(names('send')).to.have.members([
      'send',
      'client_staff_subscribe',
      'client_typing',
      'client_read',
      'client_resume',
      'client_state',
      'client_auth',
      'client_ping',
    ]);
  });
});
