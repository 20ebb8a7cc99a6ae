import { createHash } from 'node:crypto';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, register, rest, say, unique } from '../support/client.ts';
import { dispose, gatewaysOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { PNG } from '../support/images.ts';

const SCRIPT = '<script>alert(1)</script>';
const SVG = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">${SCRIPT}</svg>`);
const HTML = Buffer.from(`<!doctype html><html><body>${SCRIPT}</body></html>`);
const LIMIT = 10_485_760;

describe('hostile files', function () {
  this.timeout(120_000);
  let own: TestCluster;
  let url: string;
  let ann: Account;
  let bob: Account;

  before(async function () {
    this.timeout(90_000);
    own = await ownCluster({
      REALTIME_NODES: '1',
      ALLOWED_FILE_TYPES: '.jpg,.png,.gif,.webp,.pdf,.zip,.txt,.md,.csv',
      FILE_QUOTA_BYTES: '60000000',
      FILE_URL_TTL: '3',
    });
    url = gatewaysOf(own)[0] as string;
    [ann, bob] = [await register('ann', url), await register('bob', url)];
  });
  after(() => dispose(own));

  const attach = (bytes: Buffer, name: string, of: Account = ann) =>
    rest(of, url).post('/files/upload').attach('file', bytes, name);
  const upload = async (bytes: Buffer, name: string, of: Account = ann): Promise<Json> =>
    (await attach(bytes, name, of).expect(201)).body;
  const content = (file: Json, headers: Record<string, string> = {}) =>
    rest(ann, url).get(`/files/${file.id}/content`).set(headers);

  it('that are not of the type that they claim are refused', async () => {
    const pdf = Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n');
    const zip = Buffer.from('PK\x05\x06'.padEnd(22, '\0'), 'latin1');
    for (const [name, bytes] of [
      ['a.svg', SVG],
      ['a.html', HTML],
      ['a.png.html', PNG],
      ['a.html.png', HTML],
      ['a.png', SVG],
      ['a.gif', Buffer.concat([HTML, Buffer.from('GIF89a')])],
      ['a.pdf', Buffer.concat([HTML, pdf])],
      ['a.jpg', PNG],
      ['a.png', zip],
      ['a.txt', pdf],
      ['a.txt', PNG],
      ['a.zip', Buffer.from('MZ not an archive')],
      ['a.txt', Buffer.from([0x61, 0xff, 0xfe, 0x62])],
      ['a.txt', Buffer.from('a\0b')],
      ['a', PNG],
      ['.png', HTML],
      ['a.png.', HTML],
      ['a.PHP', Buffer.from('<?php')],
    ] as const)
      expectError(await attach(bytes, name), 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('that are polyglots never run: type, nosniff, sandbox and disposition are set by the server', async () => {
    for (const [name, bytes, type, disposition] of [
      ['a.gif', Buffer.from(`GIF89a/*${'\0'.repeat(20)}*/=1;alert(1)//;`, 'latin1'), 'image/gif', 'inline'],
      ['a.png', Buffer.concat([PNG, Buffer.from('PK\x05\x06'.padEnd(22, '\0'), 'latin1')]), 'image/png', 'inline'],
      ['a.pdf', Buffer.from(`%PDF-1.4\n${SCRIPT}\n%%EOF`), 'application/pdf', 'attachment'],
      ['a.txt', HTML, 'text/plain; charset=utf-8', 'attachment'],
      ['a.csv', Buffer.from('=cmd|calc!A1,2\n'), 'text/csv; charset=utf-8', 'attachment'],
    ] as const) {
      const { headers } = await content(await upload(bytes, name)).expect(200);
      expect(headers['content-type']).to.equal(type);
      expect(headers['content-disposition']).to.match(new RegExp(`^${disposition};`));
      expect(headers).to.include({ 'x-content-type-options': 'nosniff' });
      expect(headers['content-security-policy']).to.equal("default-src 'none'; sandbox");
    }
  });

  it('get safe names of one path segment', async () => {
    for (const [given, shown] of [
      ['../../etc/passwd.txt', /^passwd\.txt$/],
      ['..\\..\\boot.txt', /^boot\.txt$/],
      ['a\u202Etxt.exe.txt', /^atxt\.exe\.txt$/],
      ['<img src=x onerror=alert(1)>.txt', /^[^<>]+\.txt$/],
      ['שלום עולם.txt', /^שלום עולם\.txt$/],
      [`${'n'.repeat(400)}.txt`, /^n{251}\.txt$/],
      ['CON.txt', /\.txt$/],
      ['...txt', /^file\.txt$|\.txt$/],
    ] as const) {
      const file = await upload(Buffer.from('x'), given);
      expect(file.filename).to.match(shown);
      expect(Buffer.byteLength(file.filename)).to.be.at.most(255);
      const { headers } = await content(file).expect(200);
      expect(headers['content-disposition']).to.not.match(/[\r\n]/);
    }
  });

  it('answer unusual ranges as HTTP specifies', async () => {
    const bytes = Buffer.from('0123456789');
    const file = await upload(bytes, 'ten.txt');
    const etag = (await content(file).expect(200)).headers.etag as string;
    for (const [range, status, text] of [
      ['bytes=0-0', 206, '0'],
      ['bytes=-1', 206, '9'],
      ['bytes=-100', 206, '0123456789'],
      ['bytes=3-', 206, '3456789'],
      ['bytes=3-999', 206, '3456789'],
      ['bytes=0-1,3-4', 200, '0123456789'],
      ['bytes=5-2', 200, '0123456789'],
      ['lines=0-1', 200, '0123456789'],
      ['bytes=a-b', 200, '0123456789'],
    ] as const) {
      const answer = await content(file, { Range: range });
      expect([answer.status, answer.text], range).to.deep.equal([status, text]);
    }
    for (const range of ['bytes=10-', 'bytes=99999999999-', 'bytes=-0']) {
      const answer = await content(file, { Range: range });
      expectError(answer, 416, 'VALIDATION_ERROR');
      expect(answer.headers['content-range']).to.equal('bytes */10');
    }
    expect((await content(file, { Range: 'bytes=0-0', 'If-Range': etag })).status).to.equal(206);
    expect((await content(file, { Range: 'bytes=0-0', 'If-Range': '"other"' })).status).to.equal(200);
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, '*'])
      expect((await content(file, { 'If-None-Match': tag })).status, tag).to.equal(304);
    const headers = { Authorization: `Bearer ${ann.token}` };
    const head = await fetch(new URL(`/files/${file.id}/content`, url), { method: 'HEAD', headers });
    expect([head.status, head.headers.get('content-length'), await head.text()]).to.deep.equal([200, '10', '']);
  });

  it('of exactly the size limit are accepted, of one byte more refused', async () => {
    const bytes = Buffer.alloc(LIMIT, 'a');
    const file = await upload(bytes, 'limit.txt');
    expect(file).to.include({ size: LIMIT, sha256: createHash('sha256').update(bytes).digest('hex') });
    await rest(ann, url).delete(`/files/${file.id}`).expect(204);
    expectError(await attach(Buffer.alloc(LIMIT + 1, 'a'), 'over.txt'), 413, 'PAYLOAD_TOO_LARGE');
  });

  it('uploaded concurrently never exceed the quota', async () => {
    const eve = await register('eve', url);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => attach(Buffer.alloc(9_000_000, 'q'), `q${i}.txt`, eve)),
    );
    const taken = answers.filter(({ status }) => status === 201);
    expect(taken).to.have.length(6);
    for (const answer of answers.filter(({ status }) => status !== 201))
      expect(expectError(answer, 413, 'PAYLOAD_TOO_LARGE').details).to.have.property('quota_bytes', 60_000_000);
    await rest(eve, url).delete(`/files/${taken[0]?.body.id}`).expect(204);
    await upload(Buffer.alloc(9_000_000, 'q'), 'again.txt', eve);
  });

  it('have signed links in messages until they expire; reading again returns new links', async () => {
    const image = await upload(PNG, 'shown.png');
    const message = await say(ann, { recipient_id: bob.id, content: '', attachments: [image.id] }, url);
    const [shown] = message.attachments;
    expect(Date.parse(shown.url_expires_at)).to.be.greaterThan(Date.now());
    await rest(undefined, url).get(shown.url).expect(200);
    await eventually(() => rest(undefined, url).get(shown.thumbnail_url).expect(200), 2500);
    await new Promise((resolve) => setTimeout(resolve, 3500));
    expectError(await rest(undefined, url).get(shown.url), 401, 'AUTHENTICATION_ERROR');
    const { body } = await rest(bob, url).get(`/messages/${message.id}`).expect(200);
    await rest(undefined, url).get(body.attachments[0].url).expect(200);
    const file = (await rest(bob, url).get(`/files/${image.id}`).expect(200)).body;
    await rest(undefined, url).get(file.url).expect(200);
    await rest(undefined, url).get(file.thumbnail_url).expect(200);
  });

  it('cannot be read once the message is deleted, and links expire for their uploader too', async () => {
    const room = unique('gone');
    const file = await upload(Buffer.from('for a while'), 'while.txt');
    const message = await say(ann, { chat_id: room, content: 'x', attachments: [file.id] }, url);
    await rest(bob, url).get(`/files/${file.id}/content`).expect(200);
    await rest(ann, url).delete(`/messages/${message.id}`).expect(204);
    for (const path of ['', '/content', '/thumbnail'])
      expectError(await rest(bob, url).get(`/files/${file.id}${path}`), 404, 'RESOURCE_NOT_FOUND');
    await new Promise((resolve) => setTimeout(resolve, 3500));
    expectError(await rest(undefined, url).get(message.attachments[0].url), 401, 'AUTHENTICATION_ERROR');
  });
});
