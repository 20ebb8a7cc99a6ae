import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

describe('the chaos command', () => {
  it('loads outside the test runner, as npm run chaos, compat and scale do', async () => {
    const load = `await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}); process.exit()`;
    const args = ['--conditions=source', '--input-type=module', '--eval', load];
    const { stderr } = await promisify(execFile)(process.execPath, args);
    expect(stderr).to.equal('');
  }).timeout(30_000);
});
