import type { ServiceName } from '@chatapi/kit/auth';
import { testKeys } from '@chatapi/kit/testing';
import { expect } from 'chai';
import type { Redis } from 'ioredis';
import { encodeRecord, encodeSignature, type PacketRecord } from '../src/packet.ts';
import { createSignalCheck } from '../src/signal-check.ts';
import { createSignals } from '../src/signals.ts';

const NODE = 'realtime-1.abc';
const record = (kind: PacketRecord['kind'], seq = 1): PacketRecord => ({
  kind,
  topic: 'u:usr_1',
  room: 'secret-room',
  seq,
  sender: 'usr_1',
  origin: '',
  frame: '{"text":"a \\"quoted\\" ä 😀"}',
});

/** A process of `service`, whose packets are kept. */
function processOf(service: ServiceName) {
  const packets: Buffer[] = [];
  const redis = { publish: async (_channel: string, text: string) => void packets.push(Buffer.from(text)) };
  return { packets, signals: createSignals(redis as unknown as Redis, testKeys(service)) };
}

async function packetOf(service: ServiceName, kind: PacketRecord['kind'], node = NODE): Promise<Buffer> {
  const { packets, signals } = processOf(service);
  await signals.toNode(node, record(kind));
  return packets[0] as Buffer;
}

const checkOf = (node = NODE) => createSignalCheck(testKeys('realtime-gateway'), node);
const kindsIn = (packet: Buffer, check = checkOf()) => check.open(packet)?.map(({ kind }) => kind);

describe('a signal', () => {
  it('of the message service reaches the node as it was sent', async () => {
    const [received] = checkOf().open(await packetOf('message', 'event')) ?? [];
    expect({ ...received, frame: received?.frame.toString() }).to.deep.include(record('event'));
  });

  it('that nobody signed is ignored, whatever it says', () => {
    for (const kind of ['event', 'notice', 'everyone', 'joined', 'left'] as const)
      expect(kindsIn(Buffer.from(encodeRecord(record(kind))))).to.equal(undefined);
    for (const text of ['x', '[]\n', '["notice","~","",0,"', '["notice","~","",0,"message a 1 x",""]\n\n', '\n\n'])
      expect(kindsIn(Buffer.from(text)), text).to.equal(undefined);
  });

  it('with another text, sender, number or signature than was signed is ignored', async () => {
    const packet = (await packetOf('message', 'joined')).toString();
    const [, head = '', mac = ''] = /0,"(\S+ \S+ \d+) ([\w-]{43})"/.exec(packet) ?? [];
    const records = packet.slice(packet.indexOf('\n\n') + 2);
    const forged = (newHead: string, newMac: string, text: string): Buffer =>
      Buffer.from(encodeSignature(newHead, newMac) + text);
    expect(kindsIn(forged(head, mac, records)), 'as it was').to.deep.equal(['joined']);
    for (const attack of [
      forged(head, mac, records.replace('usr_1', 'usr_2')),
      forged(head, mac, records + encodeRecord(record('event'))),
      forged(head.replace('message', 'admin'), mac, records),
      forged(head.replace(/1$/, '2'), mac, records),
      forged(head, `${mac.slice(1)}A`, records),
      forged(head, '', records),
    ])
      expect(kindsIn(attack)).to.equal(undefined);
  });

  it('for another node, or for an earlier process of this one, is ignored', async () => {
    expect(kindsIn(await packetOf('message', 'joined', 'realtime-2.xyz'))).to.equal(undefined);
    expect(kindsIn(await packetOf('message', 'joined', 'realtime-1.old'))).to.equal(undefined);
  });

  it('that is sent again, or after a later one, is ignored', async () => {
    const { packets, signals } = processOf('message');
    for (let seq = 1; seq <= 3; seq++) await signals.toNode(NODE, record('joined', seq));
    const check = checkOf();
    const [first, second, third] = packets as [Buffer, Buffer, Buffer];
    expect(kindsIn(first, check)).to.deep.equal(['joined']);
    expect(kindsIn(third, check)).to.deep.equal(['joined']);
    for (const again of [first, second, third]) expect(kindsIn(again, check)).to.equal(undefined);
    expect(kindsIn(await packetOf('message', 'joined'), check), 'of another process').to.deep.equal(['joined']);
  });

  it('loses what its service may not say', async () => {
    for (const [service, kind] of [
      ['admin', 'event'],
      ['admin', 'joined'],
      ['realtime-gateway', 'event'],
      ['realtime-gateway', 'joined'],
      ['message', 'everyone'],
      ['file', 'notice'],
      ['auth', 'left'],
    ] as const)
      expect(kindsIn(await packetOf(service, kind)), `${service} ${kind}`).to.deep.equal([]);
    expect(kindsIn(await packetOf('admin', 'everyone'))).to.deep.equal(['everyone']);
    expect(kindsIn(await packetOf('realtime-gateway', 'notice'))).to.deep.equal(['notice']);
  });

  it('without a signature counts while processes of the release before may run', () => {
    const legacy = { ...testKeys('realtime-gateway'), legacy: testKeys('auth').signing('identity', 'auth') };
    const check = createSignalCheck(legacy, NODE);
    expect(kindsIn(Buffer.from(encodeRecord(record('joined'))), check)).to.deep.equal(['joined']);
    expect(kindsIn(Buffer.from('no packet'), check)).to.equal(undefined);
  });
});
