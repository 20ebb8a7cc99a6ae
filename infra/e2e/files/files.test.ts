import { createHash } from 'node:crypto';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, privateRoom, register, rest, say, unique } from '../support/client.ts';
import { nodes } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { PNG } from '../support/images.ts';
import { closeAll, connect } from '../support/socket.ts';
import '../support/shared-cluster.ts';

const TEXT = Buffer.from('0123456789 some words that are text\n');

describe('files', () => {
  let ann: Account;
  let bob: Account;
  before(async () => {
    [ann, bob] = [await register('ann'), await register('bob')];
  });
  afterEach(closeAll);
  const attach = (bytes: Buffer, name: string) => rest(ann).post('/files/upload').attach('file', bytes, name);
  const upload = async (bytes: Buffer = TEXT, name = 'notes.txt'): Promise<Json> =>
    (await attach(bytes, name).expect(201)).body;

  it('can be uploaded with a description', async () => {
    const file = await upload();
    expect(file).to.include({ filename: 'notes.txt', size: TEXT.length, uploaded_by: ann.id, thumbnail_url: null });
    expect(file.content_type).to.match(/^text\/plain/);
    expect(file.sha256).to.equal(createHash('sha256').update(TEXT).digest('hex'));
    const shown = (await rest(ann).get(`/files/${file.id}`).expect(200)).body;
    expect(shown).to.include({ id: file.id, size: TEXT.length, sha256: file.sha256 });
  });

  it('can be downloaded completely, in ranges, and conditionally', async () => {
    const { id } = await upload();
    const get = (headers: Record<string, string> = {}) => rest(ann).get(`/files/${id}/content`).set(headers);
    const whole = await get().expect(200);
    expect(whole.text).to.equal(TEXT.toString());
    expect(whole.headers).to.include({ 'x-content-type-options': 'nosniff', 'accept-ranges': 'bytes' });
    expect(whole.headers['content-disposition']).to.include('notes.txt');
    const part = await get({ Range: 'bytes=2-5' }).expect(206);
    expect(part.text).to.equal('2345');
    expect(part.headers['content-range']).to.equal(`bytes 2-5/${TEXT.length}`);
    expect((await get({ Range: 'bytes=-5' }).expect(206)).text).to.equal(TEXT.subarray(-5).toString());
    expectError(await get({ Range: 'bytes=5000-' }), 416, 'VALIDATION_ERROR');
    await get({ 'If-None-Match': whole.headers.etag as string }).expect(304);
  });

  it('are refused when too large, of a forbidden type, or not what their name says', async () => {
    expectError(await attach(Buffer.alloc(1_048_577, 'a'), 'big.txt'), 413, 'PAYLOAD_TOO_LARGE');
    expectError(await attach(TEXT, 'page.html'), 415, 'UNSUPPORTED_MEDIA_TYPE');
    expectError(await attach(TEXT, 'noextension'), 415, 'UNSUPPORTED_MEDIA_TYPE');
    expectError(await attach(TEXT, 'picture.png'), 415, 'UNSUPPORTED_MEDIA_TYPE');
    expectError(await attach(PNG, 'words.txt'), 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  it('must be one per request, not empty, with known parts', async () => {
    for (const answer of [
      await attach(Buffer.alloc(0), 'empty.txt'),
      await attach(TEXT, 'a.txt').attach('file', TEXT, 'b.txt'),
      await attach(TEXT, 'a.txt').field('colour', 'red'),
      await attach(TEXT, 'a.txt').field('description', 'x'.repeat(1001)),
      await rest(ann).post('/files/upload').field('description', 'no file'),
    ])
      expectError(answer, 400, 'VALIDATION_ERROR');
    const json = await rest(ann).post('/files/upload', { file: 'x' });
    expect(json.status).to.be.oneOf([400, 415]);
    expectError(await rest().post('/files/upload').attach('file', TEXT, 'a.txt'), 401, 'AUTHENTICATION_ERROR');
  });

  it('can be read by their uploader only, and once attached also by the room’s readers', async () => {
    const { id } = await upload();
    for (const path of [`/files/${id}`, `/files/${id}/content`])
      expectError(await rest(bob).get(path), 404, 'RESOURCE_NOT_FOUND');
    const theft = { chat_id: unique('steal'), content: 'x', attachments: [id] };
    expectError(await rest(bob).post('/messages/', theft), 404, 'RESOURCE_NOT_FOUND');
    const room = unique('files');
    await rest(ann)
      .post('/rooms', { chat_id: room, visibility: 'private', member_ids: [bob.id] })
      .expect(201);
    const live = await connect(bob, nodes()[1]);
    const sent = await say(ann, { chat_id: room, content: '', message_type: 'file', attachments: [id] });
    expect(sent.attachments[0]).to.include({ id, filename: 'notes.txt', size: TEXT.length });
    expect((await live.next('message')).attachments[0]).to.include({ id, filename: 'notes.txt' });
    await eventually(async () => void (await rest(bob).get(`/files/${id}/content`).expect(200)));
    const eve = await register('eve');
    expectError(await rest(eve).get(`/files/${id}`), 404, 'RESOURCE_NOT_FOUND');
    await rest(ann).delete(`/rooms/${room}/members/${bob.id}`).expect(204);
    await eventually(
      async () => void expectError(await rest(bob).get(`/files/${id}/content`), 404, 'RESOURCE_NOT_FOUND'),
    );
  });

  it('can be attached by their uploader only: a reader can neither keep nor publish them', async () => {
    const { id } = await upload();
    const room = await privateRoom(ann, [bob], 'kept');
    await say(ann, { chat_id: room, content: 'ours', attachments: [id] });
    await rest(bob).get(`/files/${id}/content`).expect(200);
    const live = await connect(bob, nodes()[1]);
    const attempts = async (status: number, code: string): Promise<void> => {
      for (const to of [{ recipient_id: bob.id }, { chat_id: unique('public') }]) {
        expectError(await rest(bob).post('/messages/', { ...to, content: 'mine', attachments: [id] }), status, code);
        const client_id = unique('c');
        live.send({ ...to, message: 'mine', attachments: [id], client_id });
        expect((await live.next('error', (error) => error.client_id === client_id)).code).to.equal(code);
      }
    };
    await attempts(403, 'AUTHORIZATION_ERROR');
    await rest(ann).delete(`/rooms/${room}/members/${bob.id}`).expect(204);
    await attempts(404, 'RESOURCE_NOT_FOUND');
    expectError(await rest(bob).get(`/files/${id}/content`), 404, 'RESOURCE_NOT_FOUND');
  });

  it('have a signed, expiring URL that needs no header; a forged one is refused', async () => {
    const file = await upload();
    expect(file.url).to.match(new RegExp(`^/files/${file.id}/content\\?token=`));
    expect(Date.parse(file.url_expires_at)).to.be.greaterThan(Date.now());
    await rest().get(file.url).expect(200);
    expect((await rest().get(`${file.url.slice(0, -4)}AAAA`)).status).to.be.oneOf([401, 403, 404]);
    const other = await upload();
    const token = file.url.split('token=')[1];
    expect((await rest().get(`/files/${other.id}/content?token=${token}`)).status).to.be.oneOf([401, 403, 404]);
  });

  it('get a thumbnail when they are images', async () => {
    const image = await upload(PNG, 'dot.png');
    expect(image.content_type).to.equal('image/png');
    const thumb = await eventually(() => rest(ann).get(`/files/${image.id}/thumbnail`).expect(200), 5000);
    expect(thumb.headers['content-type']).to.match(/^image\//);
    expect((await rest(ann).get(`/files/${image.id}`).expect(200)).body.thumbnail_url).to.be.a('string');
  });

  it('are listed newest first, and can be deleted', async () => {
    const mine = await register('lister');
    const send = () => rest(mine).post('/files/upload').attach('file', TEXT, 'a.txt').expect(201);
    const ids = [(await send()).body.id, (await send()).body.id, (await send()).body.id];
    const list = (await rest(mine).get('/files?skip=0&limit=2').expect(200)).body;
    expect(list.files.map((f: Json) => f.id)).to.deep.equal([ids[2], ids[1]]);
    expect(list.has_more).to.equal(true);
    expectError(await rest(ann).delete(`/files/${ids[0]}`), 404, 'RESOURCE_NOT_FOUND');
    await rest(mine).delete(`/files/${ids[0]}`).expect(204);
    expectError(await rest(mine).get(`/files/${ids[0]}`), 404, 'RESOURCE_NOT_FOUND');
  });
});
