import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Client } from 'pg';
import { type Clamd, SIGNATURE, STREAM_LIMIT, startClamd } from '../support/clamd.ts';
import { type Account, type Json, loginAdmin, register, rest, say } from '../support/client.ts';
import { dispose, gatewaysOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { PNG } from '../support/images.ts';

const EICAR = Buffer.from('X5O!P%@AP[4\\PZX54(P^)7CC)7}$' + 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*');
const CLEAN = Buffer.from('nothing but words\n');

describe('with a virus scanner', function () {
  this.timeout(120_000);
  let clamd: Clamd;
  let own: TestCluster;
  let url: string;
  let ann: Account;
  let bob: Account;
  let admin: Account;

  before(async function () {
    this.timeout(90_000);
    clamd = await startClamd();
    own = await ownCluster({
      REALTIME_NODES: '1',
      CLAMAV_URL: clamd.url,
      FILE_QUOTA_BYTES: '9000000',
      MAX_FILE_SIZE: '4194304',
    });
    url = gatewaysOf(own)[0] as string;
    [ann, bob, admin] = [await register('ann', url), await register('bob', url), await loginAdmin(url)];
  });
  after(async function () {
    this.timeout(30_000);
    await dispose(own);
    await clamd.stop();
  });

  const upload = async (bytes: Buffer, name: string): Promise<Json> =>
    (await rest(ann, url).post('/files/upload').attach('file', bytes, name).expect(201)).body;
  const shown = async (id: string): Promise<Json> => (await rest(ann, url).get(`/files/${id}`).expect(200)).body;
  const becomes = (id: string, status: string, ms = 15_000): Promise<Json> =>
    eventually(async () => {
      const file = await shown(id);
      expect(file.scan_status).to.equal(status);
      return file;
    }, ms);

  it('a file is in quarantine until it is scanned, and then like any other', async () => {
    await clamd.stop();
    const file = await upload(CLEAN, 'words.txt');
    const image = await upload(PNG, 'dot.png');
    expect(file).to.include({ scan_status: 'pending', scan_result: null });
    await say(ann, { recipient_id: bob.id, content: 'look', attachments: [file.id, image.id] }, url);
    for (const answer of [
      await rest(ann, url).get(`/files/${file.id}/content`),
      await rest(bob, url).get(`/files/${file.id}/content`),
      await rest(undefined, url).get(file.url),
      await rest(ann, url).get(`/files/${image.id}/thumbnail`),
    ])
      expect(expectError(answer, 404, 'RESOURCE_NOT_FOUND').details.scan_status).to.equal('pending');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect((await shown(file.id)).scan_status).to.equal('pending');
    expect((await shown(image.id)).thumbnail_url).to.equal(null);
    await clamd.start();
    await becomes(file.id, 'clean', 30_000);
    await rest(bob, url).get(`/files/${file.id}/content`).expect(200, CLEAN.toString());
    await becomes(image.id, 'clean', 30_000);
    await eventually(() => rest(bob, url).get(`/files/${image.id}/thumbnail`).expect(200), 15_000);
  });

  it('an infected file is removed, its uploader is informed, and it is audited', async () => {
    // Otherwise it might be scanned before it is sent.
    await clamd.stop();
    const file = await upload(EICAR, 'innocent.txt');
    await say(ann, { recipient_id: bob.id, content: '', attachments: [file.id] }, url);
    await clamd.start();
    const judged = await becomes(file.id, 'infected', 30_000);
    expect(judged).to.include({ scan_result: SIGNATURE, url: null, thumbnail_url: null });
    for (const answer of [
      await rest(ann, url).get(`/files/${file.id}/content`),
      await rest(undefined, url).get(file.url),
    ])
      expect(expectError(answer, 404, 'RESOURCE_NOT_FOUND').details).to.deep.equal({
        scan_status: 'infected',
        scan_result: SIGNATURE,
      });
    for (const path of [`/files/${file.id}`, `/files/${file.id}/content`])
      expectError(await rest(bob, url).get(path), 404, 'RESOURCE_NOT_FOUND');
    const attach = { recipient_id: bob.id, content: 'again', attachments: [file.id] };
    expectError(await rest(ann, url).post('/messages/', attach), 404, 'RESOURCE_NOT_FOUND');
    const entry = await eventually(async () => {
      const { body } = await rest(admin, url).get(`/admin/audit-log?target_id=${file.id}`).expect(200);
      expect(body.entries).to.have.length(1);
      return body.entries[0];
    });
    expect(entry).to.include({ action: 'file.infected', outcome: 'done' });
    expect(entry.details).to.deep.equal({ user_id: ann.id, signature: SIGNATURE });
    await rest(ann, url).delete(`/files/${file.id}`).expect(204);
  });

  it('an infected file frees its quota exactly once', async () => {
    const before = await usage();
    const file = await upload(EICAR, 'bad.txt');
    await becomes(file.id, 'infected');
    expect(await usage()).to.equal(before);
    await rest(ann, url).delete(`/files/${file.id}`).expect(204);
    expect(await usage()).to.equal(before);
  });

  it('a file that is too large for the scanner stays in quarantine; smaller ones pass', async () => {
    const [large, small] = [
      await upload(Buffer.alloc(STREAM_LIMIT + 1, 'a'), 'large.txt'),
      await upload(Buffer.alloc(STREAM_LIMIT, 'a'), 'small.txt'),
    ];
    await becomes(small.id, 'clean');
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect((await shown(large.id)).scan_status).to.equal('pending');
    expectError(await rest(ann, url).get(`/files/${large.id}/content`), 404, 'RESOURCE_NOT_FOUND');
    await becomes((await upload(CLEAN, 'next.txt')).id, 'clean');
  });

  async function usage(): Promise<number> {
    const db = new Client(own.postgresUrl);
    await db.connect();
    const { rows } = await db.query('select bytes from files.usage where user_id = $1', [ann.id]);
    await db.end();
    return Number(rows[0].bytes);
  }
});
