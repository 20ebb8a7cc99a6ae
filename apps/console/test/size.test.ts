import { gzipSync } from 'node:zlib';
import { bundleApp } from '@chatapi/page/build';
import { expect } from 'chai';
import { CONSOLE } from '../build.ts';

const MAX_BYTES = 60 * 1024;

describe('the console', () => {
  it(`is at most ${MAX_BYTES} bytes of gzip with the SDK, the styles and any one language`, async () => {
    const { files, assets } = await bundleApp(CONSOLE);
    const sizes = new Map([...files].map(([name, contents]) => [name, gzipSync(contents, { level: 9 }).length]));
    const first = [assets.script, assets.style];
    const languages = [...sizes.keys()].filter((name) => !first.includes(name));
    expect(languages).to.have.length(2);
    for (const language of languages) {
      const size = [...first, language].reduce((sum, name) => sum + (sizes.get(name) as number), 0);
      console.log(`      ${size} bytes`);
      expect(size).to.be.greaterThan(20_000).and.at.most(MAX_BYTES);
    }
  });

  it('has no address of another host but in texts, and makes no code from text', async () => {
    const { files, assets } = await bundleApp(CONSOLE);
    const textOf = (name: string): string => Buffer.from(files.get(name) as Uint8Array).toString();
    expect(textOf(assets.style)).not.to.match(/url\(|@import/);
    // The example of the SDK's messages, and a namespace.
    const hosts = [...textOf(assets.script).matchAll(/https?:\/\/([\w.]+)/g)].map(([, host]) => host);
    expect(hosts.filter((host) => host !== 'www.w3.org' && host !== 'chat.example.com')).to.deep.equal([]);
    expect(textOf(assets.script)).not.to.match(/\beval\(|new Function\b/);
  });
});
