// Uploads that no browser would send: forms that break off, lie, stall or contain unexpected parts.
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { type Account, register, rest } from '../support/client.ts';
import { cluster, gateway } from '../support/cluster.ts';
import '../support/shared-cluster.ts';

const CRLF = '\r\n';
const FILE = 'Content-Disposition: form-data; name="file"; filename="a.txt"';

const part = (head: string, body: string): string => `--b${CRLF}${head}${CRLF}${CRLF}${body}${CRLF}`;
const form = (...parts: string[]): string => `${parts.join('')}--b--${CRLF}`;
const field = (name: string, value: string): string => part(`Content-Disposition: form-data; name="${name}"`, value);

describe('a malformed upload form', function () {
  this.timeout(60_000);
  let ann: Account;
  before(async () => {
    ann = await register('forms');
  });

  const heads = (more: string[]): string =>
    ['POST /files/upload HTTP/1.1', 'Host: x', `Authorization: Bearer ${ann.token}`, 'Connection: close', ...more].join(
      CRLF,
    );
  function open(): { socket: Socket; answer: Promise<string> } {
    const { hostname, port } = new URL(gateway());
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    const answer = new Promise<string>((resolve) => {
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(String(Buffer.concat(chunks))));
    });
    return { socket, answer };
  }
  const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
  /** @returns the status of the first response, 0 if there was none, and its body. */
  async function send(
    body: string,
    type = 'multipart/form-data; boundary=b',
    length = Buffer.byteLength(body),
  ): Promise<[number, string]> {
    const { socket, answer } = open();
    socket.write(`${heads([`Content-Type: ${type}`, `Content-Length: ${length}`])}${CRLF}${CRLF}${body}`);
    const text = await answer;
    return [statusOf(text), text.slice(text.indexOf(`${CRLF}${CRLF}`) + 4)];
  }
  const listed = async (): Promise<number> => (await rest(ann).get('/files?limit=100').expect(200)).body.files.length;
  const pieces = (): string[] => readdirSync(join(cluster().dataDir, 'uploads', 'tmp'));
  const nothingLeft = (before: number): Promise<void> =>
    eventually(async () => {
      expect(await listed()).to.equal(before);
      expect(pieces()).to.deep.equal([]);
    }, 5000);

  it('is refused with 4xx and leaves nothing', async () => {
    const before = await listed();
    const good = part(FILE, 'words');
    for (const [name, body, type, length] of [
      ['no end', `--b${CRLF}${FILE}${CRLF}${CRLF}words without an end`],
      ['half a boundary', `--b${CRLF}${FILE}${CRLF}${CRLF}words${CRLF}--b`],
      ['no part', form()],
      ['nothing', ''],
      ['no boundary', form(good), 'multipart/form-data'],
      ['an empty boundary', form(good), 'multipart/form-data; boundary='],
      ['another boundary', form(good), 'multipart/form-data; boundary=c'],
      ['a boundary of 5,000', form(good), `multipart/form-data; boundary=${'b'.repeat(5000)}`],
      ['no multipart', form(good), 'application/octet-stream'],
      ['mixed', form(good), 'multipart/mixed; boundary=b'],
      ['JSON', '{"file":"words"}', 'application/json'],
      ['a file without a name', form(field('file', 'words'))],
      ['a file with an empty name', form(part('Content-Disposition: form-data; name="file"; filename=""', 'words'))],
      ['two files', form(good, good)],
      ['a second file under another name', form(good, part(FILE.replace('"file"', '"other"'), 'words'))],
      ['an empty file', form(part(FILE, ''))],
      ['only a description', form(field('description', 'x'))],
      ['two descriptions', form(field('description', 'x'), good, field('description', 'y'))],
      ['a description of 1,001', form(field('description', 'x'.repeat(1001)), good)],
      ['a description of 30 kB', form(field('description', 'x'.repeat(30_000)), good)],
      ['a description of 1,001 behind the file', form(good, field('description', 'x'.repeat(1001)))],
      ['an unknown field', form(good, field('colour', 'red'))],
      ['the field __proto__', form(good, field('__proto__', 'x'))],
      ['a field name of 10 kB', form(good, field('n'.repeat(10_000), 'x'))],
      ['500 fields', form(good, ...Array.from({ length: 500 }, (_, i) => field(`f${i}`, 'x')))],
      ['500 descriptions', form(...Array.from({ length: 500 }, () => field('description', 'x')))],
      ['a part without a head', `--b${CRLF}${CRLF}words${CRLF}--b--${CRLF}`],
      ['a head of 100 kB', form(part(`${FILE}${CRLF}X-A: ${'x'.repeat(100_000)}`, 'words'))],
      ['10,000 head lines', form(part(`${FILE}${`${CRLF}X: y`.repeat(10_000)}`, 'words'))],
      ['a name of 100 kB', form(part(FILE.replace('a.txt', `${'n'.repeat(100_000)}.txt`), 'words'))],
      ['a length over the limit', form(good), undefined, 50_000_000],
      ['a length that ends in mid-file', form(part(FILE, 'w'.repeat(500))), undefined, 300],
    ] as [string, string, string?, number?][]) {
      const [status, text] = await send(body, type, length);
      expect(status, `${name}: ${text.slice(0, 300)}`).to.be.within(400, 499);
      if (text.startsWith('{')) expect(JSON.parse(text), name).to.include({ error: true });
    }
    const { socket } = open();
    const lie = ['Content-Type: multipart/form-data; boundary=b', 'Content-Length: 5000'];
    socket.end(`${heads(lie)}${CRLF}${CRLF}${form(good)}`);
    await nothingLeft(before);
  });

  it('is accepted when it is only unusual', async () => {
    for (const [name, body, type] of [
      ['a description behind the file', form(part(FILE, 'words'), field('description', 'last'))],
      ['junk before and after', `junk${CRLF}${form(part(FILE, 'words'))}more junk`],
      ['a quoted boundary', form(part(FILE, 'words')), 'multipart/form-data; boundary="b"'],
      [
        'capitals',
        form(part(FILE.toUpperCase().replace(/"[A-Z]+"/, '"file"'), 'words')),
        'Multipart/Form-Data; Boundary=b',
      ],
      ['a type that lies', form(part(`${FILE}${CRLF}Content-Type: text/html`, '<b>words</b>'))],
      ['lines that look like a boundary', form(part(FILE, `--${CRLF}--B--${CRLF}-b--${CRLF}--`))],
    ] as [string, string, string?][]) {
      const [status, text] = await send(body, type);
      expect(status, `${name}: ${text}`).to.equal(201);
      expect(JSON.parse(text).content_type, name).to.equal('text/plain');
    }
  });

  it('gets a safe file name, which also decides its type', async () => {
    const wrong: unknown[] = [];
    for (const [given, kept] of [
      ['a.html.txt', 'a.html.txt'],
      ['a.txt.html', 415],
      ['a.txt.', 415],
      ['a.txt. . .', 415],
      ['a.txt/', 400],
      ['a.txt\u0000.html', 400],
      ['a.html\u0000.txt', 400],
      ['a.txt::$DATA', 415],
      ['a.txt:b.html', 415],
      ['a.txt;.html', 415],
      ['a．html', 415],
      ['a.html\u200b.txt', 'a.html.txt'],
      ['a.t\u200bxt', 415],
      ['a\u202etxt.html', 415],
      ['\u2067a\u2069.txt', 'a.txt'],
      ['%2e%2e%2fa.txt', '%2e%2e%2fa.txt'],
      ['../../../a.txt', 'a.txt'],
      ['C:\\\\temp\\\\a.txt', 'a.txt'],
      ['/etc/cron.d/a.txt', 'a.txt'],
      ['.htaccess', 415],
      ['.txt', 'file.txt'],
      ['A.TXT', 'A.TXT'],
      ['e\u0301.txt', 'e\u0301.txt'],
      ['👩‍👩‍👧.txt', '👩‍👩‍👧.txt'],
      ['<b>a</b>.txt', 'b_.txt'],
    ] as [string, string | number][]) {
      const name = given.replace(/"/g, '%22');
      const [status, text] = await send(
        form(
          part(
            FILE.replace('a.txt', () => name),
            'words',
          ),
        ),
      );
      const { filename } = JSON.parse(text) as { filename?: string };
      const found = status === 201 ? filename : status;
      if (found !== kept) wrong.push([given, found, kept]);
    }
    expect(wrong).to.deep.equal([]);
  });

  it('that stalls ends with 408, an aborted one at once, and neither leaves anything', async () => {
    const before = await listed();
    const begin = `${heads(['Content-Type: multipart/form-data; boundary=b', 'Content-Length: 500000'])}${CRLF}${CRLF}`;
    const stalls = ['', `--b${CRLF}${FILE}`, `--b${CRLF}${FILE}${CRLF}${CRLF}${'w'.repeat(300_000)}`].map((sent) => {
      const { socket, answer } = open();
      socket.write(begin + sent);
      return answer;
    });
    const { socket: left } = open();
    left.write(`${begin}--b${CRLF}${FILE}${CRLF}${CRLF}${'w'.repeat(300_000)}`);
    await eventually(() => expect(pieces()).to.have.length(2), 5000);
    left.destroy();
    await eventually(() => expect(pieces()).to.have.length(1), 5000);
    for (const answer of await Promise.all(stalls)) expect(statusOf(answer)).to.equal(408);
    await nothingLeft(before);
    expect((await send(form(part(FILE, 'words'))))[0]).to.equal(201);
  });
});
