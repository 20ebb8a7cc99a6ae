// The published documents pass the linters that users of OpenAPI and AsyncAPI run on
// them, and a strictly compiled client works with types made from them.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Parser } from '@asyncapi/parser';
import { compileWalk, walk } from '@chatapi/typed-client';
import { expect } from 'chai';
import { rest, unique } from '../support/client.ts';
import { gateway } from '../support/cluster.ts';
import '../support/shared-cluster.ts';

const SILENT = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NODE_V8_COVERAGE: '' };

const setting = (name: string): string => join(import.meta.dirname, name);

/** Runs a linter over files; @returns its report, which names each file with a problem. */
const lint = (name: string, args: string[], files: string[]): Promise<string> =>
  new Promise((resolve) => {
    const file = join(import.meta.dirname, '..', 'node_modules', '.bin', name);
    execFile(file, ['lint', ...args, ...files], { env: { ...process.env, ...SILENT } }, (_failed, stdout) =>
      resolve(stdout),
    );
  });

const found = async (asyncapi: object): Promise<string[]> =>
  (await new Parser().validate(JSON.stringify(asyncapi))).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('the API documents, read by other tools', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'chatapi-documents-'));
  const openapi = join(folder, 'openapi.json');
  const faulty = join(folder, 'faulty.json');
  before(async () => {
    const { body } = await rest().get('/docs/openapi.json').expect(200);
    writeFileSync(openapi, JSON.stringify(body));
    writeFileSync(faulty, JSON.stringify({ ...body, servers: [] }));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('openapi.json passes Redocly, which finds one without a server', async () => {
    const report = await lint('redocly', ['--config', setting('redocly.yaml'), '--format=stylish'], [openapi, faulty]);
    expect(report).to.include('faulty.json').and.include('no-empty-servers').and.not.include('openapi.json');
  });

  it('openapi.json passes Spectral, which finds one without a server', async () => {
    const report = await lint('spectral', ['-r', setting('spectral.yaml'), '-F', 'hint'], [openapi, faulty]);
    expect(report).to.include('faulty.json').and.include('oas3-api-servers').and.not.include('openapi.json');
  });

  it('asyncapi.json passes the parser of AsyncAPI, which finds a missing channel', async () => {
    const { body } = await rest().get('/docs/asyncapi.json').expect(200);
    expect(await found(body)).to.deep.equal([]);
    expect(await found({ ...body, channels: {} })).not.to.be.empty;
  });

  it('openapi.json gives types with which a strictly compiled client runs', async () => {
    const { body } = await rest().get('/docs/openapi.json').expect(200);
    expect(await compileWalk(body)).to.equal('');
    await walk(gateway(), unique('typed'));
  });

  it('openapi.json without a field that the client reads does not compile', async () => {
    const { body } = await rest().get('/docs/openapi.json').expect(200);
    delete body.components.schemas.Message.properties.reactions;
    expect(await compileWalk(body)).to.include("'reactions'");
  });
});
