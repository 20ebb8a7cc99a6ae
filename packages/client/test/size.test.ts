import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { bundle } from '../build.ts';

const MAX_BYTES = 17_600;

describe('the bundle', () => {
  for (const file of ['esm/index.js', 'chatapi-client.js'] as const)
    it(`${file}, minified, has at most ${MAX_BYTES} bytes of gzip and no dependency`, async () => {
      const files = await bundle(file, { minify: true, sourcemap: false });
      const [code] = [...files.values()];
      expect(gzipSync(code as Uint8Array, { level: 9 }).length).to.be.at.most(MAX_BYTES);
      expect(Buffer.from(code as Uint8Array).toString()).to.not.match(/\brequire\(|\bprocess\.|\bBuffer\b|from\s*["']/);
    });
});
