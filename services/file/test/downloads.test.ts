import { collectSecurityLines } from '@chatapi/kit/testing';
import { expect } from 'chai';
import request from 'supertest';
import { anonymous, as, type Running, service, start } from './harness.ts';

describe('a file', () => {
  let s: Running;
  let file: { id: string; url: string; sha256: string };
  const bytes = Buffer.from('0123456789');
  before(async () => {
    s = await start();
    const { body } = await request(s.app)
      .post('/files/upload')
      .set(as('usr_a'))
      .attach('file', bytes, 'Zähler 1.txt')
      .expect(201);
    file = body;
  });
  after(() => s?.stop());
  const get = (headers: Record<string, string> = {}) =>
    request(s.app).get(`/files/${file.id}/content`).set(as('usr_a')).set(headers);

  it('is served with headers under which no browser runs it', async () => {
    const { headers } = await get().expect(200, bytes.toString());
    expect(headers).to.include({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '10',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'accept-ranges': 'bytes',
      etag: `"${file.sha256}"`,
    });
    expect(headers['content-disposition']).to.equal(
      `attachment; filename="Z_hler 1.txt"; filename*=UTF-8''Z%C3%A4hler%201.txt`,
    );
    expect(headers['cache-control']).to.include('private');
  });

  it('answers HEAD without a body', async () => {
    const { headers, text } = await request(s.app).head(`/files/${file.id}/content`).set(as('usr_a')).expect(200);
    expect(headers['content-length']).to.equal('10');
    expect(text ?? '').to.equal('');
  });

  for (const [range, status, part] of [
    ['bytes=2-4', 206, '234'],
    ['bytes=7-', 206, '789'],
    ['bytes=-3', 206, '789'],
    ['bytes=8-99', 206, '89'],
    ['bytes=-99', 206, '0123456789'],
    ['bytes=0-1,3-4', 200, '0123456789'],
    ['lines=1-2', 200, '0123456789'],
    ['bytes=5-2', 200, '0123456789'],
  ] as const) {
    it(`in the range ${range} answers ${status}`, async () => {
      const { headers } = await get({ Range: range }).expect(status, part);
      expect(headers['content-length']).to.equal(String(part.length));
      expect(headers['content-range']).to.equal(
        status === 206 ? `bytes ${bytes.indexOf(part)}-${bytes.indexOf(part) + part.length - 1}/10` : undefined,
      );
    });
  }

  for (const range of ['bytes=10-', 'bytes=-0']) {
    it(`in the range ${range} answers 416 with its size`, async () => {
      const { body } = await get({ Range: range }).expect(416).expect('content-range', 'bytes */10');
      expect(body.code).to.equal('VALIDATION_ERROR');
    });
  }

  it('is 304 for a matching ETag, and whole for a range of an older version', async () => {
    await get({ 'If-None-Match': `W/"x", "${file.sha256}"` }).expect(304);
    await get({ 'If-None-Match': '*' }).expect(304);
    await get({ Range: 'bytes=0-1', 'If-Range': '"older"' }).expect(200);
    await get({ Range: 'bytes=0-1', 'If-Range': `"${file.sha256}"` }).expect(206);
  });

  it('is visible to its uploader, admins and readers of its rooms, and 404 for others', async () => {
    const status = async (headers: Record<string, string>, path = '') =>
      (await request(s.app).get(`/files/${file.id}${path}`).set(headers)).status;
    for (const path of ['', '/content']) {
      expect(await status(as('usr_b'), path)).to.equal(404);
      expect(await status(as('usr_m', 'moderator'), path)).to.equal(404);
      expect(await status(as('usr_c', 'admin'), path)).to.equal(200);
      expect(await status(anonymous(), path)).to.equal(401);
    }
    s.readers.add(`${file.id} usr_b`);
    expect(await status(as('usr_b'))).to.equal(200);
    expect(await status(as('usr_b'), '/content')).to.equal(200);
    s.readers.clear();
    expect(await status(as('usr_b'), '/content')).to.equal(404);
  });

  it('that an admin reads or deletes only as an admin is on record before the answer', async () => {
    const lines = collectSecurityLines(s.ctx);
    const { body } = await request(s.app)
      .post('/files/upload')
      .set(as('usr_a'))
      .attach('file', bytes, 'theirs.txt')
      .expect(201);
    const path = `/files/${body.id}`;
    const records = async (): Promise<any[]> =>
      (await s.ctx.db('outbox').where({ name: 'staff.acted' }).orderBy('id').select('payload'))
        .map(({ payload }) => payload)
        .filter(({ target_id }) => target_id === body.id);

    for (const headers of [as('usr_a'), as('usr_a', 'admin')]) await request(s.app).get(path).set(headers).expect(200);
    s.readers.add(`${body.id} usr_c`);
    await request(s.app).get(path).set(as('usr_c', 'admin')).expect(200);
    s.readers.clear();
    await request(s.app).get(path).set(as('usr_m', 'moderator')).expect(404);
    expect(await records()).to.deep.equal([]);

    const { url } = (await request(s.app).get(path).set(as('usr_c', 'admin')).set('X-Request-Id', 'read-1').expect(200))
      .body;
    await request(s.app).get(`${path}/content`).set(as('usr_c', 'admin')).set('X-Request-Id', 'read-2').expect(200);
    expect(url).to.be.a('string');
    await request(s.app).delete(path).set(as('usr_c', 'admin')).set('X-Request-Id', 'delete-1').expect(204);
    await request(s.app).delete(path).set(as('usr_c', 'admin')).expect(204);
    const who = { actor_id: 'usr_c', target_id: body.id, ip: '192.0.2.1', details: { about_user_id: 'usr_a' } };
    expect((await records()).map(({ audit_id: _, at: __, ...act }) => act)).to.deep.equal([
      { ...who, action: 'file.read', request_id: 'read-1' },
      { ...who, action: 'file.read', request_id: 'read-2' },
      { ...who, action: 'file.delete', request_id: 'delete-1' },
    ]);
    expect(lines.map(({ event, request_id, actor_id }) => [event, request_id, actor_id])).to.deep.equal([
      ['file.read_by_staff', 'read-1', 'usr_c'],
      ['file.read_by_staff', 'read-2', 'usr_c'],
      ['file.deleted_by_staff', 'delete-1', 'usr_c'],
    ]);
  });

  it('is not shown to an admin, and not deleted, while the record can’t be written', async () => {
    const ask = (method: 'get' | 'delete') => request(s.app)[method](`/files/${file.id}`).set(as('usr_c', 'admin'));
    await s.ctx.db.raw("alter table outbox add constraint no_records check (name <> 'staff.acted') not valid");
    try {
      await ask('get').expect(500);
      await ask('delete').expect(500);
      await get().expect(200, bytes.toString());
    } finally {
      await s.ctx.db.raw('alter table outbox drop constraint no_records');
    }
  });

  it('gives 401 for a link that is forged, expired or for another file', async () => {
    await request(s.app).get(file.url).set(anonymous()).expect(200);
    await request(s.app)
      .get(file.url.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')))
      .set(anonymous())
      .expect(401);
    await request(s.app).get(file.url.replace('/content', '/thumbnail')).set(anonymous()).expect(401);
    await request(s.app).get(file.url.replace(file.id, 'file_x')).set(anonymous()).expect(401);
    await request(s.app).get(`/files/${file.id}/content?token=`).set(as('usr_a')).expect(401);
  });

  it('can be read by a link as long as the user it was signed for may read it', async () => {
    s.readers.add(`${file.id} usr_b`);
    const { url } = (await request(s.app).get(`/files/${file.id}`).set(as('usr_b')).expect(200)).body;
    const status = async (headers: Record<string, string> = anonymous()) =>
      (await request(s.app).get(url).set(headers)).status;
    expect(await status()).to.equal(200);
    s.banned.add('usr_b');
    expect(await status()).to.equal(403);
    s.banned.clear();
    expect(await status()).to.equal(200);
    s.readers.clear();
    expect(await status()).to.equal(404);
    // It makes no difference who sends the request.
    expect(await status(as('usr_a'))).to.equal(404);
  });

  it('is 404 when its bytes are missing', async () => {
    const { body } = await request(s.app)
      .post('/files/upload')
      .set(as('usr_a'))
      .attach('file', bytes, 'a.txt')
      .expect(201);
    await s.ctx.storage.remove(body.id);
    await request(s.app).get(body.url).set(anonymous()).expect(404);
  });

  it('is listed to its uploader, newest first, and has_more is exact', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++)
      ids.unshift(
        (await request(s.app).post('/files/upload').set(as('usr_l')).attach('file', bytes, `${i}.txt`)).body.id,
      );
    const list = async (query: string) =>
      (await request(s.app).get(`/files?${query}`).set(as('usr_l')).expect(200)).body;
    expect((await list('')).files.map(({ id }: { id: string }) => id)).to.deep.equal(ids);
    expect((await list('limit=2')).has_more).to.equal(true);
    expect(await list('limit=2&skip=1')).to.deep.include({ has_more: false });
    await request(s.app).get('/files?limit=0').set(as('usr_l')).expect(400);
  });

  it('is returned to message as a snapshot for its uploader alone; a reader may not attach it', async () => {
    const ask = async (user_id: string) =>
      (
        await request(s.app)
          .post('/internal/files/by-ids')
          .set(service())
          .send({ ids: [file.id, 'file_none'], user_id })
          .expect(200)
      ).body;
    expect(await ask('usr_b')).to.deep.equal({ files: [], readable: [] });
    s.readers.add(`${file.id} usr_b`);
    expect(await ask('usr_b')).to.deep.equal({ files: [], readable: [file.id] });
    s.readers.clear();
    const [own] = (await ask('usr_a')).files;
    expect(own).to.have.all.keys(
      'id',
      'filename',
      'content_type',
      'size',
      'sha256',
      'description',
      'uploaded_by',
      'created_at',
      'has_thumbnail',
    );
    await request(s.app)
      .post('/internal/files/by-ids')
      .set(as('usr_a'))
      .send({ ids: [], user_id: 'usr_a' })
      .expect(403);
  });

  it('can be deleted by its uploader or an admin alone, with its bytes; deleting is idempotent', async () => {
    s.readers.add(`${file.id} usr_b`);
    const remove = (headers: Record<string, string>) => request(s.app).delete(`/files/${file.id}`).set(headers);
    await remove(as('usr_b')).expect(403);
    await remove(as('usr_x')).expect(404);
    await remove(as('usr_a')).expect(204);
    await remove(as('usr_a')).expect(204);
    await remove(as('usr_c', 'admin')).expect(204);
    await remove(as('usr_b')).expect(404);
    expect((await s.stored()).filter((name) => name.startsWith(file.id))).to.deep.equal([]);
    await request(s.app).get(file.url).set(anonymous()).expect(404);
    await request(s.app).get(`/files/${file.id}`).set(as('usr_a')).expect(404);
    expect(JSON.stringify(await s.ctx.db('files').where({ id: file.id }).first())).to.not.include('hler');
  });
});
