import { expect } from 'chai';
import { type Messages, openMessages } from './harness.ts';

describe('attachments', () => {
  let m: Messages;
  before(async () => {
    m = await openMessages();
  });
  after(() => m?.close());

  it('a file of somebody else is not attached: 403 where it may be read, else 404', async () => {
    const attach = (...attachments: string[]) => m.send('usr_a', { chat_id: 'files', content: 'x', attachments });
    const { body } = await attach('file_1', 'file_theirs').expect(403);
    expect(body.code).to.equal('AUTHORIZATION_ERROR');
    expect(body.details.fields[0].path).to.equal('attachments');
    await attach('file_ghost').expect(404);
    expect((await attach('file_theirs', 'file_ghost').expect(404)).body.message).to.not.include('theirs');
  });

  it('a message gives a right to its file only if the uploader sent it', async () => {
    await m.send('usr_a', { chat_id: 'rights', content: 'x', attachments: ['file_right'] }).expect(201);
    const allowed = async (query: string): Promise<boolean> =>
      (await m.inside('get', `/internal/files/file_right/access?user_id=usr_z${query}`).expect(200)).body.allowed;
    expect(await allowed('&uploaded_by=usr_a')).to.equal(true);
    expect(await allowed('&uploaded_by=usr_b')).to.equal(false);
    expect(await allowed('')).to.equal(true);
  });

  it('a send takes file ids, and the message contains attachment objects', async () => {
    const { body } = await m
      .send('usr_a', { chat_id: 'files', content: '', message_type: 'image', attachments: ['file_1', 'file_2'] })
      .expect(201);
    const bare = (url: string | null) => url?.replace(/\?token=[\w.-]+$/, ' signed') ?? null;
    expect(body.attachments.map((one: any) => [bare(one.url), bare(one.thumbnail_url)])).to.deep.equal([
      ['/files/file_1/content signed', '/files/file_1/thumbnail signed'],
      ['/files/file_2/content signed', null],
    ]);
    const [{ attachments }] = await m.ctx.db('messages').where({ id: body.id });
    expect(JSON.stringify(attachments)).to.not.include('token');
    // Frames go to all members: realtime nodes sign URLs for each reader.
    expect((await m.log('files')).at(-1)?.attachments).to.deep.equal(attachments);
    const access = async (user: string) =>
      (await m.inside('get', `/internal/files/file_1/access?user_id=${user}`)).body;
    expect(await access('usr_z')).to.deep.equal({ allowed: true });
    await m.ask('usr_a', 'put', '/rooms/files', { visibility: 'private' }).expect(200);
    expect(await access('usr_z')).to.deep.equal({ allowed: false });
  });
});
