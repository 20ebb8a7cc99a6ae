import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { asAccount, unprivileged } from '../src/postgres.ts';

describe('who runs PostgreSQL', () => {
  it('reaches a clone in a folder that is its owner’s alone, as /root is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chatapi-private-'));
    try {
      const program = join(folder, 'program');
      writeFileSync(program, '', { mode: 0o755 });
      // `test` asks by access(2), as PostgreSQL does for its own programs.
      const { file, args } = asAccount(unprivileged(), 'test', ['-x', program]);
      expect(spawnSync(file, args, { cwd: '/' }).status).to.equal(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
