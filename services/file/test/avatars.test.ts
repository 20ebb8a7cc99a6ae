import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import sharp from 'sharp';
import supertest, { type Test } from 'supertest';
import { removeReplaced } from '../src/avatars/avatars.ts';
import { scheduleErasure } from '../src/erasure.ts';
import { removeOrphans } from '../src/sweep.ts';
import { anonymous, as, type Running, start } from './harness.ts';

const picture = (width: number, height: number, red = 200) =>
  sharp({ create: { width, height, channels: 3, background: { r: red, g: 10, b: 10 } } });
const png = (width = 64, height = 64, red = 200): Promise<Buffer> => picture(width, height, red).png().toBuffer();

describe('avatars', () => {
  let file: Running;
  before(async () => {
    file = await start();
  });
  after(() => file?.stop());

  const put = (user: string, bytes: Buffer, name = 'me.png'): Test =>
    supertest(file.app).put('/users/me/avatar').set(as(user)).attach('file', bytes, name);
  const get = (url: string) => supertest(file.app).get(url).set(anonymous()).buffer(true);
  const bytesOf = async (url: string): Promise<Buffer> =>
    (
      await get(url)
        .expect(200)
        .parse((res, done) => {
          const chunks: Buffer[] = [];
          res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)));
        })
    ).body;

  it('are square, small, of another encoding, without metadata, public and immutable', async () => {
    const photo = await picture(1200, 600)
      .withExif({ IFD0: { Copyright: 'secret place' } })
      .jpeg()
      .toBuffer();
    const { body } = await put('usr_a', photo, 'photo.JPEG').expect(200);
    expect(body.avatar_url).to.match(/^\/avatars\/usr_a\/[0-9a-f]{32}$/);
    const { headers } = await get(body.avatar_url).expect(200);
    expect(headers).to.include({
      'content-type': 'image/webp',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'cross-origin',
    });
    const { format, width, height, exif } = await sharp(await bytesOf(body.avatar_url)).metadata();
    expect({ format, width, height, exif }).to.deep.equal({ format: 'webp', width: 512, height: 512, exif: undefined });
    await get(body.avatar_url)
      .set('If-None-Match', headers.etag as string)
      .expect(304);
  });

  it('are not made larger, and all four types are taken', async () => {
    for (const [name, bytes] of [
      ['a.png', await png(40, 30)],
      ['a.webp', await picture(40, 30).webp().toBuffer()],
      ['a.gif', await picture(40, 30).gif().toBuffer()],
      ['a.jpg', await picture(40, 30).jpeg().toBuffer()],
    ] as const) {
      const { body } = await put('usr_types', bytes, name).expect(200);
      const { width, height } = await sharp(await bytesOf(body.avatar_url)).metadata();
      expect([width, height], name).to.deep.equal([30, 30]);
    }
  });

  it('another one replaces the one before, whose address and bytes are gone; the same one stays', async () => {
    const before = await file.stored();
    const { body: first } = await put('usr_b', await png(64, 64, 1)).expect(200);
    const { body: same } = await put('usr_b', await png(64, 64, 1)).expect(200);
    expect(same.avatar_url).to.equal(first.avatar_url);
    await get(first.avatar_url).expect(200);
    const { body: second } = await put('usr_b', await png(64, 64, 2)).expect(200);
    await get(first.avatar_url).expect(404);
    await get(second.avatar_url).expect(200);
    expect((await file.stored()).length).to.equal(before.length + 1);
    await supertest(file.app).delete('/users/me/avatar').set(as('usr_b')).expect(204);
    expect(file.profiles.get('usr_b')).to.equal(null);
    await get(second.avatar_url).expect(404);
    await supertest(file.app).delete('/users/me/avatar').set(as('usr_b')).expect(204);
    expect((await file.stored()).length).to.equal(before.length);
  });

  it('two at once leave the one that the profile shows', async () => {
    const [one, two] = await Promise.all([put('usr_two', await png(64, 64, 3)), put('usr_two', await png(64, 64, 4))]);
    expect([one.status, two.status]).to.deep.equal([200, 200]);
    await get(file.profiles.get('usr_two') as string).expect(200);
  });

  it('while the user service is away are 503, and the one before stays', async () => {
    const { body } = await put('usr_c', await png(64, 64, 5)).expect(200);
    file.profiles.set('away', 'usr_c');
    const { body: error } = await put('usr_c', await png(64, 64, 6)).expect(503);
    expect(error.code).to.equal('SERVICE_UNAVAILABLE');
    file.profiles.delete('away');
    await get(body.avatar_url).expect(200);
  });

  it('that no profile shows are removed later, and bytes without a record too', async () => {
    const { body } = await put('usr_d', await png(64, 64, 7)).expect(200);
    const { body: kept } = await put('usr_e', await png(64, 64, 8)).expect(200);
    file.profiles.set('usr_d', 'https://example.org/other.png');
    expect(await removeReplaced(file.ctx)).to.equal(0);
    await file.ctx.db.raw(`update avatars set created_at = created_at - interval '1 hour'`);
    expect(await removeReplaced(file.ctx)).to.be.at.least(1);
    await get(body.avatar_url).expect(404);
    await get(kept.avatar_url).expect(200);
    expect(await removeOrphans(file.ctx, -1000)).to.equal(0);
    await get(kept.avatar_url).expect(200);
    await file.ctx.db('avatars').where({ user_id: 'usr_e' }).delete();
    expect(await removeOrphans(file.ctx, -1000)).to.equal(1);
  });

  it('of an erased user are gone at once, with their bytes soon, and no new one is taken', async () => {
    const { body } = await put('usr_gone', await png(64, 64, 9)).expect(200);
    const stored = await file.stored();
    await file.ctx.db.transaction((trx) => scheduleErasure(trx, 'usr_gone', new Date().toISOString()));
    await get(body.avatar_url).expect(404);
    await eventually(async () => (await file.stored()).length === stored.length - 1);
    const { body: error } = await put('usr_gone', await png(64, 64, 10)).expect(401);
    expect(error.code).to.equal('AUTHENTICATION_ERROR');
  });

  for (const [what, bytes, name, status, code] of [
    ['a text that claims to be a picture', () => Buffer.from('hello'), 'a.png', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['another type', () => Buffer.from('%PDF-1.4'), 'a.pdf', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['an SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'a.svg', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a picture of another type than its name', () => png(), 'a.jpg', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a cut picture', async () => (await png(300, 300)).subarray(0, 120), 'a.png', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a picture of 36 megapixels', () => png(6000, 6000), 'a.png', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [
      'more than 2 MiB',
      async () => Buffer.concat([await png(), Buffer.alloc(2 * 1024 * 1024)]),
      'a.png',
      413,
      'PAYLOAD_TOO_LARGE',
    ],
    ['an empty file', () => Buffer.alloc(0), 'a.png', 400, 'VALIDATION_ERROR'],
  ] as const)
    it(`${what} is refused with ${status}`, async () => {
      const stored = await file.stored();
      const { body } = await put('usr_bad', await bytes(), name).expect(status);
      expect(body.code).to.equal(code);
      expect(await file.stored()).to.deep.equal(stored);
    });

  it('a description, a second file, another field and a missing file are VALIDATION_ERROR', async () => {
    const form = () => supertest(file.app).put('/users/me/avatar').set(as('usr_bad'));
    const tries = [
      form()
        .field('description', 'x')
        .attach('file', await png(), 'a.png'),
      form()
        .attach('file', await png(), 'a.png')
        .attach('file', await png(), 'b.png'),
      form().attach('picture', await png(), 'a.png'),
      form().field('file', 'x'),
    ];
    for (const one of tries) expect((await one.expect(400)).body.code).to.equal('VALIDATION_ERROR');
    await form()
      .set('content-type', 'image/png')
      .send(await png())
      .expect(415);
  });

  it('an unknown or malformed address is 404 or 400', async () => {
    await get(`/avatars/usr_a/${'0'.repeat(32)}`).expect(404);
    for (const wrong of ['/avatars/usr_a/..%2f..%2fetc', '/avatars/usr_a/xyz', `/avatars/msg_1/${'0'.repeat(32)}`])
      expect((await get(wrong)).status, wrong).to.be.oneOf([400, 404]);
  });
});
