import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Runs a check on a small tree with known faults, to show that the check can fail. */
export function onTree<T>(files: Record<string, string>, check: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'chatapi-architecture-'));
  const remove = (): void => rmSync(root, { recursive: true, force: true });
  for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  try {
    const result = check(root);
    if (result instanceof Promise) return result.finally(remove) as T;
    remove();
    return result;
  } catch (error) {
    remove();
    throw error;
  }
}

export const manifest = (name: string, dependencies: string[] = [], devDependencies: string[] = []): string => {
  const versions = (names: string[]) => Object.fromEntries(names.map((dependency) => [dependency, '*']));
  return JSON.stringify({
    name,
    type: 'module',
    dependencies: versions(dependencies),
    devDependencies: versions(devDependencies),
  });
};
