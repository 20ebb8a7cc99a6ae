import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { asAccount, unprivileged } from '../src/postgres.ts';

describe('the user that runs PostgreSQL', () => {
  it('has access to a clone in a folder of mode 700, such as /root', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chatapi-private-'));
    try {
      const program = join(folder, 'program');
      writeFileSync(program, '', { mode: 0o755 });
      // `test` uses access(2), as PostgreSQL does to find its programs.
      const { file, args } = asAccount(unprivileged(), 'test', ['-x', program]);
      expect(spawnSync(file, args, { cwd: '/' }).status).to.equal(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
