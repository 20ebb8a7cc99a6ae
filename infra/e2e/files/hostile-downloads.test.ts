// Unusual download requests, and altered links.
import { connect } from 'node:net';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, privateRoom, register, rest, say } from '../support/client.ts';
import { gateway } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { PNG } from '../support/images.ts';
import '../support/shared-cluster.ts';

const BYTES = Buffer.from('0123456789');

describe('unusual downloads', function () {
  this.timeout(30_000);
  let ann: Account;
  let bob: Account;
  let file: Json;
  let image: Json;
  const upload = async (bytes: Buffer, name: string): Promise<Json> =>
    (await rest(ann).post('/files/upload').attach('file', bytes, name).expect(201)).body;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
    file = await upload(BYTES, 'ten.txt');
    const { id } = await upload(PNG, 'dot.png');
    image = await eventually(async () => {
      const { body } = await rest(ann).get(`/files/${id}`).expect(200);
      expect(body.thumbnail_url).to.be.a('string');
      return body;
    }, 20_000);
  });
  const content = (headers: Record<string, string>) => rest(ann).get(`/files/${file.id}/content`).set(headers);

  it('evaluate HTTP preconditions in order', async () => {
    const { etag } = (await content({}).expect(200)).headers as { etag: string };
    expect((await content({ 'If-None-Match': etag, Range: 'bytes=0-0' })).status).to.equal(304);
    expect((await content({ 'If-None-Match': '"other"', Range: 'bytes=0-0' })).status).to.equal(206);
    for (const tag of [`W/${etag}`, etag.slice(1, -1), 'Wed, 21 Oct 2015 07:28:00 GMT', ''])
      expect((await content({ 'If-Range': tag, Range: 'bytes=0-0' })).status, tag).to.be.oneOf(
        tag === '' ? [200, 206] : [200],
      );
    expect((await content({ Range: 'bytes=0-0' })).headers.etag).to.equal(etag);
  });

  it('with invalid ranges return the whole file or 416, never more and never 5xx', async () => {
    for (const range of [
      `bytes=${'0-0,'.repeat(1000)}0-0`,
      'bytes=0-99999999999999999999999',
      'bytes=99999999999999999999999-',
      'bytes=-99999999999999999999999',
      'bytes=--1',
      'bytes=+1-2',
      'bytes=0x1-2',
      'bytes=1-2-3',
      'bytes=',
      'bytes',
      'bytes=0 - 1',
      'BYTES=0-1',
      'bytes=0-0, ',
      ' bytes=0-1',
    ]) {
      const { status, text } = await content({ Range: range });
      expect(status, range).to.be.oneOf([200, 206, 416]);
      expect(Buffer.byteLength(text) <= BYTES.length || status === 416, range).to.equal(true);
      if (status === 200) expect(text, range).to.equal(BYTES.toString());
    }
    const head = await fetch(new URL(`/files/${file.id}/content`, gateway()), {
      method: 'HEAD',
      headers: { Authorization: `Bearer ${ann.token}`, Range: 'bytes=2-5' },
    });
    expect([head.status, head.headers.get('content-length')]).to.deep.equal([206, '4']);
    expectError(await rest(ann).post(`/files/${file.id}/content`), 405, 'METHOD_NOT_ALLOWED');
  });

  it('with a link of another file or variant, altered, cut, duplicated or empty are refused', async () => {
    const tokenOf = (link: string): string => new URL(link, gateway()).searchParams.get('token') as string;
    const [good, small] = [tokenOf(file.url), tokenOf(image.thumbnail_url)];
    await rest().get(file.url).expect(200);
    const refused = ({ status, req }: Json): void => {
      expect(status, req.path).to.be.oneOf([400, 401, 404]);
    };
    for (const token of [
      '',
      'x',
      small,
      tokenOf(image.url),
      good.slice(0, -1),
      `${good}A`,
      good.toUpperCase(),
      // A later expiry with the old signature.
      `z${good.slice(1)}`,
      `${good}&token=${good}`,
      `${good}.${good}`,
      '..',
      'x'.repeat(5000),
      '%00',
      '%ff',
    ])
      refused(await rest().get(`/files/${file.id}/content?token=${token}`));
    refused(await rest().get(`/files/${image.id}/content?token=${small}`));
    refused(await rest().get(`/files/${image.id}/thumbnail?token=${tokenOf(image.url)}`));
    // A wrong link is refused even with a token that would suffice.
    refused(await rest(ann).get(`/files/${file.id}/content?token=x`));
    expectError(await rest().get(`/files/${file.id}/content`), 401, 'AUTHENTICATION_ERROR');
  });

  it('are refused after the membership ends, and to everyone after the file is deleted', async () => {
    const other = await upload(BYTES, 'other.txt');
    const room = await privateRoom(ann, [bob]);
    await say(ann, { chat_id: room, content: '', attachments: [other.id] });
    const link = (await rest(bob).get(`/files/${other.id}`).expect(200)).body.url;
    await rest().get(link).expect(200);
    await rest(bob).post(`/rooms/${room}/leave`).expect(204);
    for (const path of ['', '/content', '/thumbnail'])
      expectError(await rest(bob).get(`/files/${other.id}${path}`), 404, 'RESOURCE_NOT_FOUND');
    expectError(await rest().get(link), 404, 'RESOURCE_NOT_FOUND');
    await rest().get(other.url).expect(200);
    expect((await rest(bob).get('/files').expect(200)).body.files).to.deep.equal([]);
    await rest(ann).delete(`/files/${other.id}`).expect(204);
    for (const who of [ann, bob, undefined])
      for (const url of [link, other.url]) expectError(await rest(who).get(url), 404, 'RESOURCE_NOT_FOUND');
  });

  it('with path traversal reach no file', async () => {
    for (const path of [
      `/files/../files/${file.id}/content`,
      `/files/${file.id}/../${file.id}/content`,
      '/files/%2e%2e/content',
      '/files/..%2f..%2fetc%2fpasswd/content',
      `/files/${file.id}%00/content`,
      `/files/${file.id}.webp/content`,
      `/files/tmp/content`,
      `/files/${file.id}//content`,
      `/files/${file.id};a/content`,
      '/files/exports/exp_none?token=x',
    ]) {
      const status = await new Promise<number>((resolve) => {
        const { hostname, port } = new URL(gateway());
        const socket = connect(Number(port), hostname, () =>
          socket.write(
            `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ann.token}\r\nConnection: close\r\n\r\n`,
          ),
        );
        let text = '';
        socket.on('data', (data) => (text += data)).on('close', () => resolve(Number(text.slice(9, 12))));
      });
      expect(status, path).to.be.oneOf([400, 401, 404]);
    }
  });
});
