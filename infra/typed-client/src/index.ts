// A client whose types are made from the OpenAPI document with openapi-typescript.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';

const REPO = join(import.meta.dirname, '..', '..', '..');
const WALK = join(import.meta.dirname, 'walk.ts');

/** The types lie in `folder`; to the compiler they are beside walk.ts. */
const settings = (folder: string): object => ({
  extends: join(REPO, 'tsconfig.base.json'),
  compilerOptions: {
    composite: false,
    noEmit: true,
    lib: ['esnext', 'DOM', 'DOM.Iterable'],
    types: [],
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: false,
    rootDirs: [import.meta.dirname, folder],
  },
  files: [WALK, join(folder, 'openapi.ts')],
});

const compilerOutput = (folder: string): Promise<string> =>
  new Promise((resolve) => {
    execFile(join(REPO, 'node_modules', '.bin', 'tsc'), ['-p', folder], (error, stdout, stderr) =>
      resolve(error === null ? '' : `${error.message}\n${stdout}${stderr}`),
    );
  });

/** Compiles walk.ts with the types of the document. @returns the errors, '' for none. */
export async function compileWalk(openapi: object): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'chatapi-typed-client-'));
  try {
    const types = await openapiTS(openapi as OpenAPI3, { silent: true });
    writeFileSync(join(folder, 'openapi.ts'), astToString(types));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings(folder)));
    return await compilerOutput(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws AssertionError when an answer is not what its type says. */
export async function walk(url: string, username: string): Promise<void> {
  // Not a static import: only compileWalk has the types that the file imports.
  const { walk: run } = (await import(WALK)) as { walk: typeof walk };
  await run(url, username);
}
