import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, type Json, register, rest } from '../support/client.ts';
import { dispose, gatewaysOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { type S3, startS3 } from '../support/s3.ts';

const LARGE = Buffer.alloc(9 * 1024 * 1024, 'words that go in several parts\n');

describe('files in S3, with two instances that share nothing', function () {
  this.timeout(60_000);
  let s3: S3;
  let own: TestCluster;
  let url: string;
  let ann: Account;
  before(async function () {
    this.timeout(120_000);
    s3 = await startS3();
    own = await ownCluster({ ...s3.env, REALTIME_NODES: '1', FILE_INSTANCES: '2', ALLOWED_FILE_TYPES: '.txt,.png' });
    url = gatewaysOf(own)[0] as string;
    ann = await register('ann', url);
  });
  after(async () => {
    await dispose(own);
    await s3?.stop();
  });
  const upload = async (bytes: Buffer): Promise<Json> =>
    (await rest(ann, url).post('/files/upload').attach('file', bytes, 'large.txt').expect(201)).body;
  const instances = () => own.instances.filter(({ dir }) => dir === 'file').map(({ name }) => name);

  it('are streamed in parts and can be downloaded completely and in ranges', async () => {
    const { id, sha256 } = await upload(LARGE);
    expect(sha256).to.equal(createHash('sha256').update(LARGE).digest('hex'));
    const whole = await rest(ann, url).get(`/files/${id}/content`).buffer(true).expect(200);
    expect(whole.text).to.equal(LARGE.toString());
    const part = await rest(ann, url).get(`/files/${id}/content`).set('Range', 'bytes=6000000-6000029').expect(206);
    expect(part.text).to.equal(LARGE.subarray(6_000_000, 6_000_030).toString());
  });

  it('are served by a signed URL without a token', async () => {
    const { url: signed } = await upload(Buffer.from('a short text'));
    expect((await rest(undefined, url).get(signed).expect(200)).text).to.equal('a short text');
    await rest(undefined, url)
      .get(signed.replace(/.$/, (c: string) => (c === 'A' ? 'B' : 'A')))
      .expect(401);
  });

  it('are available whichever instance dies', async () => {
    const { id } = await upload(LARGE);
    for (const victim of instances()) {
      own.kill(victim, 'SIGKILL');
      await eventually(async () => {
        const { text } = await rest(ann, url).get(`/files/${id}/content`).buffer(true).expect(200);
        expect(text.length).to.equal(LARGE.length);
      }, 20_000);
    }
  });

  it('leave no objects when aborted or deleted', async () => {
    const { id } = await upload(LARGE);
    await rest(ann, url).delete(`/files/${id}`).expect(204);
    await eventually(async () => expect(s3.objects().filter((name) => name.startsWith(id))).to.deep.equal([]), 10_000);
    const before = s3.objects().length;
    await abortedUpload();
    await eventually(async () => {
      expect((await rest(ann, url).get('/files').expect(200)).body.files).to.have.length(3);
      expect(s3.objects()).to.have.length(before);
    }, 60_000);
  }).timeout(120_000);

  const abortedUpload = (): Promise<void> =>
    new Promise((resolve) => {
      const headers = {
        authorization: `Bearer ${ann.token}`,
        'content-type': 'multipart/form-data; boundary=b',
        'content-length': String(LARGE.length + 500),
      };
      const req = request(`${url}/files/upload`, { method: 'POST', headers });
      req.on('error', () => resolve());
      req.write('--b\r\nContent-Disposition: form-data; name="file"; filename="gone.txt"\r\n\r\n');
      req.write(LARGE.subarray(0, 8 * 1024 * 1024), () => setTimeout(() => req.destroy(), 300));
    });
});
