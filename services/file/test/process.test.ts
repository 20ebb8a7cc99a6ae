// The service in a process of its own: its memory, and what a kill leaves.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { as, openPlace, type Place } from './harness.ts';

const MiB = 1024 * 1024;

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the file service as a process', () => {
  let place: Place;
  let child: ChildProcess;
  let ports: { main: number; second: number };
  const url = (path: string): string => `http://127.0.0.1:${ports.main}${path}`;

  const launch = async (): Promise<void> => {
    const env = { ...process.env, ...place.settings, PORT: String(ports.main), INTERNAL_PORT: String(ports.second) };
    child = spawn(process.execPath, ['--conditions=source', join(import.meta.dirname, '../src/main.ts')], {
      env: env as NodeJS.ProcessEnv,
      stdio: 'inherit',
    });
    await eventually(
      () =>
        fetch(url('/health/ready')).then(
          ({ ok }) => ok,
          () => false,
        ),
      20_000,
    );
  };
  const ended = (): Promise<unknown> => new Promise((resolve) => child.once('exit', resolve));
  const rss = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${ports.second}/metrics`)).text();
    return Number(/^process_resident_memory_bytes\{.*\} (.*)$/m.exec(text)?.[1]);
  };

  before(async () => {
    place = await openPlace();
    ports = { main: await freePort(), second: await freePort() };
    await launch();
  }).timeout(30_000);
  after(async () => {
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await ended();
    }
    await place?.leave();
  });

  const upload = async (bytes: Buffer): Promise<number> => {
    const form = new FormData();
    form.set('file', new Blob([bytes as Uint8Array<ArrayBuffer>]), 'big.txt');
    return (await fetch(url('/files/upload'), { method: 'POST', headers: as('usr_a'), body: form })).status;
  };

  it('accepts ten files of maximum size at once, twice, with less than 64 MiB more memory', async () => {
    await upload(Buffer.from('warm'));
    const before = await rss();
    let highest = before;
    const watch = setInterval(() => void rss().then((now) => (highest = Math.max(highest, now))), 50);
    const bytes = Buffer.alloc(10 * MiB, 'a');
    for (const _ of [1, 2]) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => upload(bytes)));
      expect(new Set(answers)).to.deep.equal(new Set([201]));
    }
    clearInterval(watch);
    console.log(`      RSS ${Math.round(before / MiB)} MiB, at most ${Math.round(highest / MiB)} MiB`);
    expect(highest - before).to.be.lessThan(64 * MiB);
  }).timeout(60_000);

  it('killed in mid-upload leaves no file, and works again after a restart', async () => {
    const before = (await place.stored()).length;
    const sending = httpRequest(url('/files/upload'), {
      method: 'POST',
      headers: { ...as('usr_a'), 'content-type': 'multipart/form-data; boundary=b', 'content-length': 1_000_000 },
    }).on('error', () => undefined);
    sending.write('--b\r\nContent-Disposition: form-data; name="file"; filename="half.txt"\r\n\r\n');
    sending.write('x'.repeat(200_000));
    await eventually(async () => (await place.stored()).length === before + 1);
    child.kill('SIGKILL');
    await ended();
    await launch();
    const list = await (await fetch(url('/files?limit=100'), { headers: as('usr_a') })).json();
    expect((list as { files: { filename: string }[] }).files.map(({ filename }) => filename)).to.not.include(
      'half.txt',
    );
    expect(await upload(Buffer.from('again'))).to.equal(201);
  }).timeout(40_000);

  it('exits cleanly on SIGTERM', async () => {
    child.kill('SIGTERM');
    expect(await ended()).to.equal(0);
  }).timeout(20_000);
});
