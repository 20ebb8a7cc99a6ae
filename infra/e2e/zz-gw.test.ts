import { register } from './client.ts';
import { door, nodes } from './cluster.ts';
import { connect } from './socket.ts';

for (const via of ['node0', 'node1', 'door'])
  it(`4429 via ${via}`, async () => {
    const many = await register('many');
    const first = await connect(many, via === 'door' ? door() : nodes()[via === 'node0' ? 0 : 1]);
    console.log((first as any).hello?.node);
    for (let i = 0; i < 20; i++) await connect(many, nodes()[i % 2]);
    const r = await Promise.race([first.closed, new Promise((r) => setTimeout(() => r('open'), 4000))]);
    console.log(via, r);
  });
