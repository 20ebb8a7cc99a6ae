import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { build } from 'esbuild';
import { BUNDLES, bundle } from '../build.ts';

/** What an app loads before it shows anything; ADR 0106 says why it is not less. */
const MAX_BYTES = 15_200;
/** What the stores add. */
const MAX_STATE_BYTES = 9560;
/** All of the client in one file. */
const MAX_SCRIPT_BYTES = 23_300;

const CLIENT = "export { ChatClient, ChatApiError } from './index.ts';";
const STATE = "export { live } from './state/index.ts';";

/** The code that a bundler puts before the first screen: without what is loaded when it is used. */
async function first(contents: string): Promise<string> {
  const { esm, module } = BUNDLES;
  const stdin = { ...module.stdin, contents };
  const options = { ...esm, entryPoints: undefined, stdin, bundle: true, minify: true, write: false } as const;
  const { outputFiles, metafile } = await build({ ...options, platform: 'neutral', target: 'es2022', metafile: true });
  const { outputs } = metafile;
  const found = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === '<stdin>'));
  for (const path of found)
    for (const { kind, path: other } of outputs[path]?.imports ?? []) if (kind === 'import-statement') found.add(other);
  const names = [...found].map((path) => basename(path));
  return outputFiles
    .filter(({ path }) => names.includes(basename(path)))
    .map(({ text }) => text)
    .join('\n');
}

const zipped = (code: string | Uint8Array): number => gzipSync(code, { level: 9 }).length;
const ALONE = /\brequire\(|\bprocess\.|\bBuffer\b|from\s*["'][^.]/;

describe('the bundle', () => {
  it(`of a chat app, minified, has at most ${MAX_BYTES} bytes of gzip and no dependency`, async () => {
    const code = await first(CLIENT);
    console.log(`      ${zipped(code)} bytes`);
    expect(zipped(code)).to.be.at.most(MAX_BYTES);
    expect(code).to.not.match(ALONE);
  });

  it(`of the stores adds at most ${MAX_STATE_BYTES} bytes of gzip, and no dependency`, async () => {
    const code = await first(CLIENT + STATE);
    const more = zipped(code) - zipped(await first(CLIENT));
    console.log(`      ${more} bytes more`);
    expect(more).to.be.at.most(MAX_STATE_BYTES);
    expect(code).to.not.match(ALONE);
  });

  it(`for <script> is one file of at most ${MAX_SCRIPT_BYTES} bytes of gzip`, async () => {
    const files = await bundle('script', { sourcemap: false });
    expect(files.size).to.equal(1);
    const code = [...files.values()][0] as Uint8Array;
    console.log(`      ${zipped(code)} bytes`);
    expect(zipped(code)).to.be.at.most(MAX_SCRIPT_BYTES);
    expect(Buffer.from(code).toString()).to.not.match(ALONE);
  });
});
