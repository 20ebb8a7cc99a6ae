import { bearsFiles, openFileLinks } from '@chatapi/kit';
import { expect } from 'chai';
import fc from 'fast-check';
import { schema } from '../src/config.ts';
import { contentDisposition, extensionOf, safeFilename } from '../src/filenames.ts';
import { wantedSpan } from '../src/ranges.ts';
import { headFits, KNOWN_TYPES, openTextCheck } from '../src/types.ts';

describe('a safe file name', () => {
  it('is one short segment without anything invisible, whatever was given', () => {
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
  it('keeps its ending when it is cut', () => {
    expect(safeFilename(`${'é'.repeat(400)}.txt`)).to.match(/^é+\.txt$/);
  });
  it('is made in no time, however long a run of dots or brackets is', () => {
    for (const run of ['.', ' ', '<', '< ', '&', '<!--', '\u200b'])
      for (const end of ['a', '', '.txt']) {
        const started = performance.now();
        safeFilename(run.repeat(50_000 / run.length) + end);
        expect(performance.now() - started, run).to.be.below(1000);
      }
  });
  it('of nothing but an ending is called file', () => {
    expect(safeFilename('.png')).to.equal('file.png');
    expect(safeFilename('..')).to.equal('file');
  });
  it('comes back from the header it is put into', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (given) => {
        const name = safeFilename(given);
        const header = contentDisposition('attachment', name);
        expect(header).to.match(/^[\x20-\x7e]*$/);
        expect(decodeURIComponent(header.split("UTF-8''")[1] as string)).to.equal(name);
      }),
    );
  });
  it('has the ending that counts last', () => {
    expect(extensionOf('a.png.exe')).to.equal('.exe');
    expect(extensionOf('a.JPEG')).to.equal('.jpg');
    expect(extensionOf('a')).to.equal('');
  });
});

describe('a wanted range', () => {
  it('lies within the file, and a wanted first byte is the first byte', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 40 }), (a, b, size) => {
        const span = wantedSpan(`bytes=${a}-${b}`, undefined, '"e"', size);
        if (b < a) expect(span).to.equal('whole');
        else if (a >= size) expect(span).to.equal('none');
        else expect(span).to.deep.equal({ start: a, end: Math.min(b, size - 1) });
      }),
    );
  });
});

describe('a signed url', () => {
  it('is good until its time and not after', () => {
    let now = 1_700_000_000_000;
    const signer = openFileLinks('secret', 60, () => now);
    const { url, expires_at } = signer.sign('file_1', 'content', 'usr_1');
    const token = url.split('token=')[1] as string;
    expect(expires_at.getTime()).to.equal(now + 60_000);
    now += 59_000;
    expect(signer.verify('file_1', 'content', token)).to.equal('usr_1');
    now += 1000;
    expect(() => signer.verify('file_1', 'content', token)).to.throw('expired');
    expect(() => openFileLinks('other', 60).verify('file_1', 'content', token)).to.throw('not valid');
    for (const other of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.replace(
      token.at(-1) as string,
      '',
    ))
      expect(() => signer.verify('file_1', 'content', token.slice(0, -1) + other), other).to.throw('not valid');
  });

  it('is made for one user', () => {
    const signer = openFileLinks('secret', 60);
    const token = signer.sign('file_1', 'content', 'usr_1').url.split('token=')[1] as string;
    for (const other of ['usr_2', 'usr_1.', '', 'usr_1%0a'])
      expect(() => signer.verify('file_1', 'content', token.replace('usr_1', other)), other).to.throw('not valid');
  });

  it('is put in where JSON has a file, and nowhere that a text only looks like it', () => {
    const signer = openFileLinks('secret', 60);
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
});

describe('content', () => {
  it('cut anywhere into chunks is text exactly when it is UTF-8 without NUL', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 40 }),
          fc.string({ unit: 'binary' }).map((t) => Buffer.from(t)),
        ),
        fc.nat(40),
        (bytes, at) => {
          const check = openTextCheck();
          const seen = [check(bytes.subarray(0, at)), check(bytes.subarray(at)), check()].every(Boolean);
          const isText = !bytes.includes(0) && Buffer.from(bytes).toString('utf8').length >= 0 && isUtf8(bytes);
          expect(seen).to.equal(isText);
        },
      ),
    );
  });
  it('that begins like another format by chance is still a text', async () => {
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
    INTERNAL_SECRET_KEY: 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8',
  };
  it('take the seed’s file types and refuse what can’t be judged by content', () => {
    expect(schema.validate({ ...base, ALLOWED_FILE_TYPES: '.jpeg, PNG,.pdf' }).value.ALLOWED_FILE_TYPES).to.deep.equal([
      '.jpg',
      '.png',
      '.pdf',
    ]);
    expect(schema.validate(base).value.ALLOWED_FILE_TYPES).to.deep.equal(['.jpg', '.png', '.pdf', '.txt']);
    expect(schema.validate({ ...base, ALLOWED_FILE_TYPES: '.svg' }).error?.message).to.include('.svg');
  });
});
