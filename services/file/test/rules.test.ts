import { bearsFiles, createFileLinks, withoutLinks } from '@chatapi/kit/auth';
import { keySettings } from '@chatapi/kit/testing';
import { expect } from 'chai';
import { parse } from 'content-disposition';
import fc from 'fast-check';
import { schema } from '../src/config.ts';
import { contentDisposition, extensionOf, safeFilename } from '../src/filenames.ts';
import { wantedSpan } from '../src/ranges.ts';
import { createTextCheck, headFits, KNOWN_TYPES } from '../src/uploads/file-types.ts';
import { typeByName } from '../src/uploads/size-and-type-check.ts';

describe('a safe file name', () => {
  it('is one short path segment without invisible characters, for any input', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 600 }), fc.string({ maxLength: 600 })),
        fc.constantFrom('', '.txt', '.PNG', `.${'x'.repeat(300)}`),
        (stem, ending) => {
          const name = safeFilename(stem + ending);
          expect(Buffer.byteLength(name)).to.be.within(1, 255);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left
          expect(name).to.not.match(/[/\\<>:"|?*\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/);
          expect(name).to.not.match(/^[. ]/);
          expect(name.isWellFormed()).to.equal(true);
        },
      ),
    );
  });
  it('keeps its extension when it is cut', () => {
    expect(safeFilename(`${'é'.repeat(400)}.txt`)).to.match(/^é+\.txt$/);
  });
  it('is called file when only an extension is given', () => {
    expect(safeFilename('.png')).to.equal('file.png');
    expect(safeFilename('..')).to.equal('file');
  });
  it('survives the Content-Disposition header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (given) => {
        const name = safeFilename(given);
        const header = contentDisposition('attachment', name);
        expect(header).to.match(/^[\x20-\x7e]*$/);
        expect(parse(header)).to.deep.include({ type: 'attachment', parameters: { filename: name } });
      }),
    );
  });
  it('is no device of Windows', () => {
    for (const name of ['CON.txt', 'nul.png', 'com1.pdf', 'LPT9', 'aux .txt'])
      expect(safeFilename(name)).to.match(/^_/);
    for (const name of ['console.txt', 'com10.txt', 'nullable.png']) expect(safeFilename(name)).to.equal(name);
  });
  it('is of one type by every reading, or refused', () => {
    const allowed = ['.png', '.txt', '.jpg'];
    for (const name of [
      ...['a.png.', 'a.png ', 'a.png. .', 'a.png::$DATA', 'a.png:x', 'a.exe:b.png', 'a.php\0.png', 'a.php\n.png'],
      ...['a.png/', 'a', 'a.', 'a.p\u200bng', 'a.png\u202e', 'a.png<b>', 'a.exe', 'x/..', 'a.txt:b.png'],
    ])
      expect(() => typeByName(name, allowed), JSON.stringify(name)).to.throw('not allowed');
    for (const name of ['a.png', 'a.PNG', 'a.jpeg', 'a.php.png', '.png', 'at 10:30.png', 'C:\\x\\a.png', 'ä ö.png'])
      expect(typeByName(name, allowed), name).to.have.property('image', true);
  });
  it('has the last extension', () => {
    expect(extensionOf('a.png.exe')).to.equal('.exe');
    expect(extensionOf('a.JPEG')).to.equal('.jpg');
    expect(extensionOf('a')).to.equal('');
  });
});

describe('the content of a file', () => {
  const fits = (extension: string, head: string): Promise<boolean> =>
    headFits(KNOWN_TYPES[extension] as never, Buffer.from(head.padEnd(64, '\0'), 'latin1'));
  it('of an .mp4 is any container of the family', async () => {
    for (const brand of [...['isom', 'mp42', 'M4V ', 'M4VP', 'M4A ', 'qt  ', '3gp4', '3gp5', '3gp6', '3g2a', 'dash']])
      expect(await fits('.mp4', `\0\0\0\x18ftyp${brand}`), brand).to.equal(true);
    for (const brand of ['avif', 'heic', 'crx ']) expect(await fits('.mp4', `\0\0\0\x18ftyp${brand}`)).to.equal(false);
  });
  it('of a .zip is any archive', async () => {
    const local = (name: string) =>
      `PK\x03\x04\x14\0\0\0\0\0${'\0'.repeat(16)}${String.fromCharCode(name.length)}\0\0\0${name}`;
    for (const name of ['META-INF/MANIFEST.MF', 'mimetype', 'classes.dex', 'word/document.xml', 'a.txt'])
      expect(await fits('.zip', local(name)), name).to.equal(true);
    expect(await fits('.zip', 'PK\x05\x06')).to.equal(true);
    for (const head of ['MZ', 'PK', 'Rar!\x1a\x07', '7z\xbc\xaf']) expect(await fits('.zip', head)).to.equal(false);
  });
});

describe('a requested range', () => {
  it('lies within the file and starts with the requested byte', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 40 }), (a, b, size) => {
        const span = wantedSpan(`bytes=${a}-${b}`, undefined, '"e"', size);
        if (b < a) expect(span).to.equal('whole');
        else if (a >= size) expect(span).to.equal('none');
        else expect(span).to.deep.equal({ start: a, end: Math.min(b, size - 1) });
      }),
    );
  });
  for (const [range, wanted] of [
    ['bytes=2-', { start: 2, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=-0', 'none'],
    ['bytes=10-', 'none'],
    ['bytes=0-1,4-5', 'whole'],
    ['bytes=0-1,40-', 'whole'],
    ['lines=0-1', 'whole'],
    ['bytes=', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=a-b', 'whole'],
  ] as const) {
    it(`of ${range} is ${JSON.stringify(wanted)} in ten bytes`, () => {
      expect(wantedSpan(range, undefined, '"e"', 10)).to.deep.equal(wanted);
    });
  }
  it('of an empty file is none', () => {
    expect(wantedSpan('bytes=-5', undefined, '"e"', 0)).to.equal('none');
    expect(wantedSpan('bytes=0-', undefined, '"e"', 0)).to.equal('none');
  });
});

describe('a signed url', () => {
  it('is valid until it expires', () => {
    let now = 1_700_000_000_000;
    const signer = createFileLinks({ FILE_LINK_SECRET: 'secret', FILE_URL_TTL: 60 }, () => now);
    const { url, expires_at } = signer.sign('file_1', 'content', 'usr_1');
    const token = url.split('token=')[1] as string;
    expect(expires_at.getTime()).to.equal(now + 60_000);
    now += 59_000;
    expect(signer.verify('file_1', 'content', token)).to.equal('usr_1');
    now += 1000;
    expect(() => signer.verify('file_1', 'content', token)).to.throw('expired');
    expect(() =>
      createFileLinks({ FILE_LINK_SECRET: 'other', FILE_URL_TTL: 60 }).verify('file_1', 'content', token),
    ).to.throw('not valid');
    for (const other of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.replace(
      token.at(-1) as string,
      '',
    ))
      expect(() => signer.verify('file_1', 'content', token.slice(0, -1) + other), other).to.throw('not valid');
  });

  it('is signed for one user', () => {
    const signer = createFileLinks({ FILE_LINK_SECRET: 'secret', FILE_URL_TTL: 60 });
    const token = signer.sign('file_1', 'content', 'usr_1').url.split('token=')[1] as string;
    for (const other of ['usr_2', 'usr_1.', '', 'usr_1%0a'])
      expect(() => signer.verify('file_1', 'content', token.replace('usr_1', other)), other).to.throw('not valid');
  });

  it('is inserted where JSON has a file, and not into text that looks like one', () => {
    const signer = createFileLinks({ FILE_LINK_SECRET: 'secret', FILE_URL_TTL: 60 });
    const bare = { id: 'file_1', url: '/files/file_1/content', thumbnail_url: '/files/file_1/thumbnail' };
    const text = JSON.stringify(bare);
    const message = {
      content: text,
      attachments: [
        { ...bare, filename: text },
        { ...bare, thumbnail_url: null },
      ],
    };
    const { content, attachments } = JSON.parse(signer.signIn(JSON.stringify(message), 'usr_1'));
    expect(content).to.equal(text);
    expect(attachments[0].filename).to.equal(text);
    for (const { url, url_expires_at } of attachments) {
      expect(signer.verify('file_1', 'content', url.split('token=')[1])).to.equal('usr_1');
      expect(Date.parse(url_expires_at)).to.be.greaterThan(Date.now());
    }
    expect(signer.verify('file_1', 'thumbnail', attachments[0].thumbnail_url.split('token=')[1])).to.equal('usr_1');
    expect(attachments[1].thumbnail_url).to.equal(null);
    expect([bearsFiles(JSON.stringify(message)), bearsFiles(JSON.stringify({ content: text }))]).to.deep.equal([
      true,
      false,
    ]);
  });

  it('nothing is signed in JSON whose links were removed, and it says the same', () => {
    const signer = createFileLinks({ FILE_LINK_SECRET: 'secret', FILE_URL_TTL: 60 });
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.oneof(fc.constantFrom('url', 'thumbnail_url', '/files/file_1/content', '"url":"/files/'), fc.string()),
          fc.oneof(fc.constantFrom('/files/file_1/content', '\\"/files/file_1/thumbnail'), fc.jsonValue()),
        ),
        (value) => {
          const json = withoutLinks(JSON.stringify(value));
          expect(JSON.parse(json)).to.deep.equal(JSON.parse(JSON.stringify(value)));
          expect(bearsFiles(json)).to.equal(false);
          expect(signer.signIn(json, 'usr_1')).to.equal(json);
        },
      ),
    );
  });
});

describe('content', () => {
  it('is text exactly when it is UTF-8 without NUL, however it is cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.string({ unit: 'binary' }).map((t) => Buffer.from(t)),
        ),
        fc.nat(40),
        (bytes, at) => {
          const check = createTextCheck();
          const seen = [check(bytes.subarray(0, at)), check(bytes.subarray(at)), check()].every(Boolean);
          const isText = !bytes.includes(0) && Buffer.from(bytes).toString('utf8').length >= 0 && isUtf8(bytes);
          expect(seen).to.equal(isText);
        },
      ),
    );
  });
  it('that starts like another format by chance is still text', async () => {
    for (const start of ['BM is short for', 'MZ and', '<?xml version="1.0"?>', '<html>']) {
      expect(await headFits(KNOWN_TYPES['.txt'] as never, Buffer.from(start.padEnd(200))), start).to.equal(true);
    }
    expect(await headFits(KNOWN_TYPES['.txt'] as never, Buffer.from('{\\rtf1 x}'.padEnd(200)))).to.equal(false);
  });
});

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};

describe('settings', () => {
  const base = {
    DATABASE_URL: 'postgres://x/y',
    REDIS_URL: 'redis://x',
    ...keySettings('file'),
    FILE_LINK_SECRET: 'tests-sign-links-with-this-0123456789',
  };
  it('accept the file types of the contract and refuse those whose content can’t be checked', () => {
    expect(schema.validate({ ...base, ALLOWED_FILE_TYPES: '.jpeg, PNG,.pdf' }).value.ALLOWED_FILE_TYPES).to.deep.equal([
      '.jpg',
      '.png',
      '.pdf',
    ]);
    expect(schema.validate(base).value.ALLOWED_FILE_TYPES).to.deep.equal(['.jpg', '.png', '.pdf', '.txt']);
    expect(schema.validate({ ...base, ALLOWED_FILE_TYPES: '.svg' }).error?.message).to.include('.svg');
  });
});
