import { createHash } from 'node:crypto';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import sharp from 'sharp';
import request from 'supertest';
import { blankPng } from './blank-png.ts';
import { anonymous, as, type Running, start } from './harness.ts';

const png = () =>
  sharp({ create: { width: 800, height: 600, channels: 3, background: '#3366cc' } })
    .png()
    .toBuffer();
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('an upload', () => {
  let s: Running;
  before(async () => {
    s = await start({ MAX_FILE_SIZE: 100_000, FILE_QUOTA_BYTES: 0 });
  });
  after(() => s?.stop());
  const post = (user = 'usr_a') => request(s.app).post('/files/upload').set(as(user));
  const nothingLeft = async (before: string[]): Promise<void> => {
    expect((await s.stored()).sort()).to.deep.equal(before.sort());
  };

  it('returns the whole record, and its signed URL returns the bytes', async () => {
    const bytes = Buffer.from('héllo wörld\n');
    const { body } = await post().field('description', 'a note').attach('file', bytes, 'note.txt').expect(201);
    expect(body).to.include({
      filename: 'note.txt',
      content_type: 'text/plain',
      size: bytes.length,
      sha256: sha256(bytes),
      description: 'a note',
      uploaded_by: 'usr_a',
      thumbnail_url: null,
    });
    expect(body).to.have.all.keys(
      'id',
      'filename',
      'content_type',
      'size',
      'sha256',
      'description',
      'url',
      'url_expires_at',
      'thumbnail_url',
      'uploaded_by',
      'scan_status',
      'scan_result',
      'created_at',
    );
    expect(body.id).to.match(/^file_/);
    expect(body.url).to.match(new RegExp(`^/files/${body.id}/content\\?token=`));
    const content = await request(s.app).get(body.url).set(anonymous()).expect(200);
    expect(content.text).to.equal(bytes.toString());
    const { body: again } = await request(s.app).get(`/files/${body.id}`).set(as('usr_a')).expect(200);
    expect({ ...again, url: 0, url_expires_at: 0 }).to.deep.equal({ ...body, url: 0, url_expires_at: 0 });
  });

  it('accepts a description after the file, and has null without one', async () => {
    const late = await post()
      .attach('file', Buffer.from('x'), 'a.txt')
      .field('description', 'a <b onclick=x>late</b> one')
      .expect(201);
    expect(late.body.description).to.equal('a late one');
    const none = await post().attach('file', Buffer.from('x'), 'a.txt').expect(201);
    expect(none.body.description).to.equal(null);
  });

  it('of an image gets a thumbnail, which is 404 until then', async () => {
    const { body } = await post()
      .attach('file', await png(), 'sky.PNG')
      .expect(201);
    expect(body).to.include({ content_type: 'image/png', thumbnail_url: null });
    const shown = async () => (await request(s.app).get(`/files/${body.id}`).set(as('usr_a'))).body;
    await eventually(async () => (await shown()).thumbnail_url !== null);
    const thumbnail = await request(s.app)
      .get((await shown()).thumbnail_url)
      .set(anonymous())
      .expect(200)
      .expect('content-type', 'image/webp');
    const { width, height, format } = await sharp(thumbnail.body as Buffer).metadata();
    expect({ width, height, format }).to.deep.equal({ width: 320, height: 240, format: 'webp' });
  }).timeout(20_000);

  it('of bytes that only start like an image is stored without a thumbnail', async () => {
    const broken = (await png()).subarray(0, 120);
    const { body } = await post().attach('file', broken, 'broken.png').expect(201);
    await eventually(async () => (await s.ctx.db('files').where({ id: body.id, thumbnail: 'none' })).length === 1);
    await request(s.app).get(`/files/${body.id}/thumbnail`).set(as('usr_a')).expect(404);
  }).timeout(20_000);

  it('of an image with too many pixels is not decoded', async () => {
    const bomb = blankPng(9000, 9000);
    expect(bomb.length).to.be.lessThan(100_000);
    const { body } = await post().attach('file', bomb, 'bomb.png').expect(201);
    await eventually(async () => (await s.ctx.db('files').where({ id: body.id, thumbnail: 'none' })).length === 1);
  });

  const refusals: [string, () => PromiseLike<request.Response>, number, string][] = [
    ['a png named .jpg', async () => post().attach('file', await png(), 'sky.jpg'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a text named .png', () => post().attach('file', Buffer.from('hello'), 'a.png'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'an svg',
      () => post().attach('file', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'a.svg'),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['an executable', () => post().attach('file', Buffer.from('MZ...'), 'a.exe'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'a name without an extension',
      () => post().attach('file', Buffer.from('hello'), 'README'),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['a text with NUL', () => post().attach('file', Buffer.from('he\0llo'), 'a.txt'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'a text that is not UTF-8',
      () => post().attach('file', Buffer.from([0x68, 0xe9, 0x68]), 'a.txt'),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'a text cut in mid-character',
      () => post().attach('file', Buffer.from([0x68, 0xc3]), 'a.txt'),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'a pdf named .txt',
      () => post().attach('file', Buffer.from('%PDF-1.4\n'.padEnd(200, 'x')), 'a.txt'),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['an empty file', () => post().attach('file', Buffer.alloc(0), 'a.txt'), 400, 'VALIDATION_ERROR'],
    [
      'two files',
      () => post().attach('file', Buffer.from('a'), 'a.txt').attach('file', Buffer.from('b'), 'b.txt'),
      400,
      'VALIDATION_ERROR',
    ],
    [
      'an unknown part',
      () => post().attach('file', Buffer.from('a'), 'a.txt').field('chat_id', 'x'),
      400,
      'VALIDATION_ERROR',
    ],
    ['an unknown file part', () => post().attach('picture', Buffer.from('a'), 'a.txt'), 400, 'VALIDATION_ERROR'],
    ['a file part without a name', () => post().field('file', 'just text'), 400, 'VALIDATION_ERROR'],
    ['no file', () => post().field('description', 'x'), 400, 'VALIDATION_ERROR'],
    [
      'two descriptions',
      () => post().field('description', 'x').field('description', 'y').attach('file', Buffer.from('a'), 'a.txt'),
      400,
      'VALIDATION_ERROR',
    ],
    [
      'a description of 1001 characters',
      () => post().attach('file', Buffer.from('a'), 'a.txt').field('description', 'é'.repeat(1001)),
      400,
      'VALIDATION_ERROR',
    ],
    [
      'a file one byte too large',
      () => post().attach('file', Buffer.alloc(100_001, 'a'), 'a.txt'),
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    [
      'a file far too large',
      () => post().attach('file', Buffer.alloc(5_000_000, 'a'), 'a.txt'),
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    ['JSON', () => post().send({ file: 'x' }), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'multipart without a boundary',
      () => post().set('content-type', 'multipart/form-data').send('x'),
      400,
      'VALIDATION_ERROR',
    ],
    [
      'a form without an end',
      () =>
        post()
          .set('content-type', 'multipart/form-data; boundary=b')
          .send('--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello'),
      400,
      'VALIDATION_ERROR',
    ],
    [
      'anonymous',
      () => request(s.app).post('/files/upload').set(anonymous()).attach('file', Buffer.from('a'), 'a.txt'),
      401,
      'AUTHENTICATION_ERROR',
    ],
  ];
  for (const [what, make, status, code] of refusals) {
    it(`of ${what} is refused with ${status} and leaves nothing`, async () => {
      const before = await s.stored();
      const rows = await s.ctx.db('files').count('* as n').first();
      const { body, status: answered } = await make();
      expect(answered).to.equal(status);
      expect(body).to.include({ error: true, code });
      expect(body.details).to.be.an('object');
      await nothingLeft(before);
      expect(await s.ctx.db('files').count('* as n').first()).to.deep.equal(rows);
    });
  }

  it('of exactly the maximum size is accepted', async () => {
    await post().attach('file', Buffer.alloc(100_000, 'a'), 'full.txt').expect(201);
  });

  it('gets a safe file name', async () => {
    const { body } = await post()
      .attach('file', Buffer.from('a'), { filename: '../../etc/\u202epa<img src=x onerror=alert(1)>sswd.txt' })
      .expect(201);
    expect(body.filename).to.equal('passwd.txt');
  });

  it('publishes file.created, recorded in the transaction of the record', async () => {
    await s.ctx.facts.close();
    const { body } = await post('usr_f').attach('file', Buffer.from('12345'), 'a.txt').expect(201);
    await request(s.app).delete(`/files/${body.id}`).set(as('usr_f')).expect(204);
    const facts = (await s.ctx.db('outbox').orderBy('id')).filter(
      ({ payload }: { payload: { file_id: string } }) => payload.file_id === body.id,
    );
    expect(
      facts.map(({ name, payload }: { name: string; payload: { bytes: number } }) => [name, payload.bytes]),
    ).to.deep.equal([
      ['file.created', 5],
      ['file.deleted', 5],
    ]);
  });
});
