// The TypeScript SDK has a method for every operation of the OpenAPI document, with the same
// parameters and types.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChatClient, type ChatClientOptions } from '@chatapi/client';
import { ChatServer } from '@chatapi/client/server';
import { REPO } from '@chatapi/local';
import { expect } from 'chai';
import type { Json } from '../support/client.ts';
import { typeOf } from '../support/json-schema.ts';
import {
  type Answer,
  answerOf,
  bodyOf,
  eventPayloads,
  leastAnswerOf,
  listedBy,
  operationOf,
  publishedDocuments,
  queryOf,
} from '../support/openapi.ts';
import { CALLS, type Call, NO_METHOD } from '../support/sdk-calls.ts';
import '../support/shared-cluster.ts';

interface Asked {
  method: string;
  url: URL;
  body?: Json;
}

/** Calls the method with a network that gives each request this answer. */
function called({ method, args, by }: Call, { status, body }: Answer): { asked: Asked[]; answered: Promise<unknown> } {
  const asked: Asked[] = [];
  const options: ChatClientOptions = {
    baseUrl: 'http://nowhere',
    retries: 0,
    fetch: async (url, init) => {
      const sent = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
      asked.push({ method: init?.method ?? '', url: new URL(String(url)), body: sent });
      return new Response(body, { status, headers: { 'x-request-id': 'req_1' } });
    },
  };
  const client: any =
    by === 'server' ? new ChatServer({ ...options, key: 'cak_key' }) : new ChatClient({ ...options, token: 'token' });
  const [part, name] = method.split('.') as [string, string | undefined];
  return { asked, answered: name === undefined ? client[part](...args) : client[part][name](...args) };
}

const codeOf = (answered: Promise<unknown>): Promise<string> =>
  answered.then(
    () => 'taken',
    (error: { code?: string }) => error.code ?? String(error),
  );

const source = (name: string): string => JSON.stringify(join(REPO, 'packages', 'client', 'src', name));
const HEAD = `import type { ChatClient, Page, RealtimeEvents } from ${source('index.ts')};
import type { ChatServer } from ${source('server.ts')};
type Plain<T> = T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : ['the SDK has', A, 'the document', B]) : ['the SDK has', A, 'the document', B];
type Item<T> = T extends Page<infer U> ? U : T extends (infer U)[] ? U : T;
`;

/** Lists are compared by their items. */
function answerCheck(at: string, schema: Json): string {
  return `Same<Plain<Item<Awaited<ReturnType<${at}>>>>, Plain<${typeOf(listedBy(schema) ?? schema)}>>`;
}

function checksOf(name: string, { method, input, by }: Call, operation: Json): string[] {
  const at = `${by === 'server' ? 'ChatServer' : 'ChatClient'}${method
    .split('.')
    .map((part) => `['${part}']`)
    .join('')}`;
  const checks: string[] = [];
  const answer = answerOf(operation);
  if (answer !== undefined) checks.push(answerCheck(at, answer));
  if (input !== undefined) {
    const body =
      bodyOf(operation) ??
      ({
        type: 'object',
        properties: Object.fromEntries(queryOf(operation).map((p) => [p.name, p.schema])),
        required: queryOf(operation).flatMap((p) => (p.required ? [p.name] : [])),
      } as Json);
    const given = `Exclude<Parameters<${at}>[${input}], undefined>`;
    // Both ways: what can be given is taken, and what is taken can be given.
    checks.push(`Same<${given}, ${typeOf(body)}>`);
  }
  return checks.map((check, i) => `const _${name.replace(/\W/g, '_')}_${i}: ${check} = true;`);
}

const eventChecks = (frames: Json): string[] => [
  ...eventPayloads(frames).map(
    ([name, payload]) => `const _event_${name}: Same<Plain<RealtimeEvents['${name}']>, ${typeOf(payload)}> = true;`,
  ),
  `const _events: Same<Exclude<keyof RealtimeEvents, 'state' | 'resync' | 'error'>, ${eventPayloads(frames)
    .map(([name]) => `'${name}'`)
    .join(' | ')}> = true;`,
];

describe('the TypeScript SDK and the documents', function () {
  this.timeout(60_000);
  let doc: Json;
  let frames: Json;
  before(async () => {
    [doc, frames] = await publishedDocuments();
  });

  it('have the same calls', () => {
    const described = Object.entries<Json>(doc.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...Object.keys(CALLS), ...NO_METHOD]).to.have.members(described);
  });

  for (const [name, call] of Object.entries(CALLS))
    it(`${call.method} asks as ${name} is described`, async () => {
      const operation = operationOf(doc, name);
      const { asked, answered } = called(call, leastAnswerOf(operation));
      expect(await codeOf(answered), 'the least that the server may answer').to.equal('taken');
      const { method, url, body } = asked[0] as Asked;
      const [described, path] = name.split(' ') as [string, string];
      expect(method).to.equal(described);
      expect(url.pathname.replace(/(.)\/$/, '$1')).to.match(new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`));
      expect([...url.searchParams.keys()]).to.have.members(queryOf(operation).map((p) => p.name));
      expect(Object.keys(body ?? {})).to.have.members(Object.keys(bodyOf(operation)?.properties ?? {}));
    });

  for (const [name, call] of Object.entries(CALLS))
    it(`${call.method} takes only answers as ${name} is described`, async () => {
      const { body } = leastAnswerOf(operationOf(doc, name));
      const strange = body === 'bytes' ? [] : ['{"ok":true}', '[]', 'null', '<html>', ...(body === null ? [] : [null])];
      for (const said of strange)
        expect(await codeOf(called(call, { status: 200, body: said }).answered), String(said)).to.equal(
          'NETWORK_ERROR',
        );
    });

  it('have the same types', () => {
    const dir = mkdtempSync(join(tmpdir(), 'chatapi-sdk-'));
    try {
      const lines = Object.entries(CALLS).flatMap(([name, call]) => checksOf(name, call, operationOf(doc, name)));
      expect(lines.length).to.be.greaterThan(Object.keys(CALLS).length);
      writeFileSync(join(dir, 'checks.ts'), HEAD + [...lines, ...eventChecks(frames)].join('\n'));
      const settings = { lib: ['esnext', 'DOM'], types: [], noEmit: true, allowImportingTsExtensions: true };
      writeFileSync(
        join(dir, 'tsconfig.json'),
        JSON.stringify({
          extends: join(REPO, 'tsconfig.base.json'),
          compilerOptions: {
            ...settings,
            rewriteRelativeImportExtensions: false,
            composite: false,
            noUnusedLocals: false,
          },
          files: ['checks.ts'],
        }),
      );
      execFileSync(join(REPO, 'node_modules', '.bin', 'tsc'), ['-p', dir], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      expect.fail((error as { stdout?: string }).stdout ?? String(error));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
