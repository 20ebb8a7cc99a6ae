import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { BuildOptions } from 'esbuild';
import { bundle } from '../build.ts';

const MAX_BYTES = 18_100;
/** What the stores add for an app that has the client. */
const MAX_STATE_BYTES = 9200;

async function minified(file: Parameters<typeof bundle>[0], options: BuildOptions = {}): Promise<Buffer> {
  const files = await bundle(file, { minify: true, sourcemap: false, ...options });
  return Buffer.from([...files.values()][0] as Uint8Array);
}

const zipped = (code: Buffer): number => gzipSync(code, { level: 9 }).length;
const ALONE = /\brequire\(|\bprocess\.|\bBuffer\b|from\s*["']/;

describe('the bundle', () => {
  for (const file of ['esm/index.js', 'chatapi-client.js'] as const)
    it(`${file}, minified, has at most ${MAX_BYTES} bytes of gzip and no dependency`, async () => {
      const code = await minified(file);
      console.log(`      ${zipped(code)} bytes`);
      expect(zipped(code)).to.be.at.most(MAX_BYTES);
      expect(code.toString()).to.not.match(ALONE);
    });

  it(`of the stores adds at most ${MAX_STATE_BYTES} bytes of gzip, and no dependency`, async () => {
    const contents = "export * from './index.ts'; export * from './state/index.ts';";
    const stdin = { contents, resolveDir: `${import.meta.dirname}/../src` };
    const more =
      zipped(await minified('esm/index.js', { entryPoints: undefined, stdin })) -
      zipped(await minified('esm/index.js'));
    const code = await minified('esm/state/index.js');
    console.log(`      ${more} bytes more, ${zipped(code)} alone`);
    expect(more).to.be.at.most(MAX_STATE_BYTES);
    expect(code.toString()).to.not.match(ALONE);
  });
});
