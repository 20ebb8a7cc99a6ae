import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { Client } from 'pg';
import { type Account, type Json, register, rest } from '../support/client.ts';
import { dispose, gatewaysOf, ownCluster, type TestCluster } from '../support/cluster.ts';
import { expectError } from '../support/expects.ts';
import { claimedFrames, gif, PNG, packed, png, webp } from '../support/images.ts';

const MiB = 1024 * 1024;
const SETTLED_MS = 90_000;

describe('hostile images', function () {
  this.timeout(180_000);
  let own: TestCluster;
  let url: string;
  let ann: Account;
  before(async function () {
    this.timeout(90_000);
    own = await ownCluster({
      REALTIME_NODES: '1',
      ALLOWED_FILE_TYPES: '.jpg,.png,.gif,.webp,.txt',
      FILE_ORPHAN_MINUTES: '0.02',
    });
    url = gatewaysOf(own)[0] as string;
    ann = await register('ann', url);
  });
  after(() => dispose(own));

  const attach = (bytes: Buffer, name: string) => rest(ann, url).post('/files/upload').attach('file', bytes, name);
  const upload = async (bytes: Buffer, name: string): Promise<string> => {
    expect(bytes.length, name).to.be.lessThan(MiB);
    return (await attach(bytes, name).expect(201)).body.id;
  };
  const rows = async (sql: string): Promise<Json[]> => {
    const db = new Client(own.postgresUrl);
    await db.connect();
    const found = await db.query(sql);
    await db.end();
    return found.rows;
  };
  /**
   * Waits until no thumbnail is pending.
   * @returns the state of each: `ready` or `none`.
   */
  const settled = (): Promise<Map<string, string>> =>
    eventually(async () => {
      const all = await rows('select id, thumbnail from files.files where deleted_at is null');
      expect(all.filter(({ thumbnail }) => thumbnail === 'pending')).to.deep.equal([]);
      return new Map(all.map(({ id, thumbnail }) => [id, thumbnail]));
    }, SETTLED_MS);
  const memory = (line: 'VmRSS' | 'VmHWM'): number =>
    Number(new RegExp(`${line}:\\s+(\\d+)`).exec(readFileSync(`/proc/${own.pid('file')}/status`, 'utf8'))?.[1]) * 1024;

  it('crash no service, use little memory and delay nobody; valid ones get thumbnails', async () => {
    await upload(PNG, 'warm.png');
    await settled();
    const [pid, before] = [own.pid('file'), memory('VmRSS')];
    const hostile = {
      'bomb.png': png(20_000, { depth: 1, samples: 1 }),
      'interlaced.png': png(6000, { depth: 16, samples: 4, interlaced: true }),
      'cut.png': PNG.subarray(0, 50),
      'noise.png': Buffer.concat([PNG.subarray(0, 40), Buffer.alloc(500, 7)]),
      'cut.webp': webp(500, 20).subarray(0, 70),
      'many.webp': webp(16_000, 9000),
      'lie.webp': Buffer.from('RIFF\x10\0\0\0WEBPVP8 \xff\xff\xff\xff', 'latin1'),
      'huge.gif': Buffer.from('GIF89a\xff\xff\xff\xff\xf7\0\0', 'latin1'),
      'cut.jpg': Buffer.from('ffd8ffe000104a46494600010100000100010000ffc000110810002000031122', 'hex'),
    };
    const drawable = {
      'large.png': png(5000, { depth: 8, samples: 4 }),
      'text.png': png(4, { depth: 8, samples: 4, more: [packed('zTXt', 500_000_000)] }),
      'profile.png': png(4, { depth: 8, samples: 4, more: [packed('iCCP', 500_000_000)] }),
      'frames.png': png(4, { depth: 8, samples: 4, more: [claimedFrames(4_000_000_000)] }),
      'frames.gif': gif(300, 40_000),
      // The decoder ignores such a canvas and uses the frame.
      'canvas.gif': gif(65_535, 10),
      'good.png': PNG,
    };
    const names = new Map<string, string>();
    for (const [name, bytes] of Object.entries({ ...hostile, ...drawable })) names.set(await upload(bytes, name), name);
    let slowest = 0;
    let busy = true;
    const other = (async () => {
      for (; busy; await new Promise((resolve) => setTimeout(resolve, 200))) {
        const started = performance.now();
        await attach(Buffer.from('words'), 'words.txt').expect(201);
        slowest = Math.max(slowest, performance.now() - started);
      }
    })();
    const became = await settled().finally(() => {
      busy = false;
    });
    await other;
    const more = memory('VmHWM') - before;
    console.log(
      `      at most ${Math.round(more / MiB)} MiB more; another’s upload took at most ${Math.round(slowest)} ms`,
    );
    const drawn = [...names].filter(([id]) => became.get(id) === 'ready').map(([, name]) => name);
    expect(drawn).to.have.members(Object.keys(drawable));
    expect(own.pid('file')).to.equal(pid);
    expect(more).to.be.below(200 * MiB);
    expect(slowest).to.be.below(3000);
    for (const [id, name] of names) {
      if (name in drawable) continue;
      expectError(await rest(ann, url).get(`/files/${id}/thumbnail`), 404, 'RESOURCE_NOT_FOUND');
      expect((await rest(ann, url).get(`/files/${id}`).expect(200)).body.thumbnail_url).to.equal(null);
    }
  });

  it('are refused as TIFF, BMP, SVG or HEIC with another extension', async () => {
    for (const bytes of [
      Buffer.from('49492a0008000000', 'hex'),
      Buffer.concat([Buffer.from('BM'), Buffer.alloc(60)]),
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
      Buffer.concat([Buffer.from('0000001866747970', 'hex'), Buffer.from('heic0000mif1heic')]),
    ])
      for (const name of ['a.png', 'a.jpg', 'a.webp'])
        expectError(await attach(bytes, name), 415, 'UNSUPPORTED_MEDIA_TYPE');
  });

  const tries = async (id: string): Promise<number> =>
    (await rows(`select thumbnail_tries n from files.files where id = '${id}'`))[0]?.n;
  const back = (before: number | undefined): Promise<unknown> =>
    eventually(() => expect(own.pid('file')).to.not.be.oneOf([before, undefined]), 20_000);

  it('whose thumbnail is interrupted by kill -9 get it after the restart, and no leftovers stay', async () => {
    const id = await upload(png(6300, { depth: 8, samples: 4 }), 'slow.png');
    await eventually(async () => expect(await tries(id)).to.equal(1), 20_000);
    const pid = own.pid('file');
    own.kill('file', 'SIGKILL');
    await back(pid);
    expect((await settled()).get(id)).to.equal('ready');
    expect(await tries(id)).to.be.at.least(2);
    const thumbnail = await eventually(() => rest(ann, url).get(`/files/${id}/thumbnail`).expect(200), 10_000);
    expect(thumbnail.headers['content-type']).to.equal('image/webp');
    await eventually(async () => {
      const live = await rows('select id, thumbnail from files.files where deleted_at is null');
      const due = live.flatMap((row) => (row.thumbnail === 'ready' ? [row.id, `${row.id}.webp`] : [row.id]));
      const stored = readdirSync(join(own.dataDir, 'uploads'), { recursive: true, withFileTypes: true });
      expect(
        stored
          .filter((e) => e.isFile())
          .map(({ name }) => name)
          .sort(),
      ).to.deep.equal(due.sort());
    }, 20_000);
  });

  it('that crash the service each time are given up, and the service stays up', async () => {
    const id = await upload(png(6300, { depth: 8, samples: 4 }), 'poison.png');
    await eventually(async () => expect(await tries(id)).to.equal(1), 20_000);
    const pid = own.pid('file');
    own.kill('file', 'SIGKILL');
    // As if earlier attempts had failed too.
    await rows(`update files.files set thumbnail_tries = 5 where id = '${id}'`);
    await back(pid);
    expect((await settled()).get(id)).to.equal('none');
    const next = await upload(PNG, 'next.png');
    expect((await settled()).get(next)).to.equal('ready');
  });
});
