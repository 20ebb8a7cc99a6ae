import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import request from 'supertest';
import { as, type Running, start } from './harness.ts';

describe('an upload over a bare socket', () => {
  let s: Running;
  let server: Server;
  before(async () => {
    s = await start({ MAX_FILE_SIZE: 100_000 });
    server = createServer(s.app).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  after(async () => {
    server?.close().closeAllConnections();
    await s?.stop();
  });
  const head = (length: number | 'chunked') =>
    `POST /files/upload HTTP/1.1\r\nHost: x\r\n${Object.entries(as('usr_a'))
      .map(([k, v]) => `${k}: ${v}\r\n`)
      .join('')}` +
    `Content-Type: multipart/form-data; boundary=b\r\n${length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`}\r\n\r\n`;
  const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';
  const open = () => connect((server.address() as AddressInfo).port, '127.0.0.1');

  it('that is aborted leaves nothing', async () => {
    const socket = open();
    socket.write(head(90_000) + part + 'x'.repeat(40_000));
    await eventually(async () => (await s.stored()).length === 1);
    socket.destroy();
    await eventually(async () => (await s.stored()).length === 0);
    expect(await s.ctx.db('files')).to.have.length(0);
  });

  it('without an end is answered 413 while its client still sends', async () => {
    const socket = open();
    let answer = '';
    socket
      .on('data', (chunk) => {
        answer += chunk;
      })
      .on('error', () => undefined);
    const chunk = 'x'.repeat(16_000);
    socket.write(`${head('chunked')}${part.length.toString(16)}\r\n${part}\r\n`);
    const sender = setInterval(() => socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`), 5);
    await eventually(() => answer.includes('PAYLOAD_TOO_LARGE'), 3000).finally(() => clearInterval(sender));
    expect(answer).to.match(/^HTTP\/1.1 413/);
    expect(await s.stored()).to.deep.equal([]);
    socket.destroy();
  });
});

describe('a quota', () => {
  let s: Running;
  before(async () => {
    s = await start({ FILE_QUOTA_BYTES: 1000 });
  });
  after(() => s?.stop());
  const put = (bytes: number) =>
    request(s.app).post('/files/upload').set(as('usr_q')).attach('file', Buffer.alloc(bytes, 'a'), 'a.txt');

  it('holds for concurrent uploads, and deleting frees it', async () => {
    const answers = await Promise.all([put(400), put(400), put(400), put(400)]);
    const stored = answers.filter(({ status }) => status === 201);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 201, 413, 413]);
    expect(await s.stored()).to.have.length(2);
    await put(300).expect(413);
    await request(s.app).delete(`/files/${stored[0]?.body.id}`).set(as('usr_q')).expect(204);
    await put(300).expect(201);
  });
});
