// Work is linear in the input: every field of every route and frame, and every function that reads
// user text, with worst-case inputs at the maximum length and far beyond.
import { cleanText, customFault, fold, foldWithOffsets, isVisible, requestIdFrom } from '@chatapi/kit';
import { REPO } from '@chatapi/local';
import { expect } from 'chai';
import { type Field, frameFields, functionsOf, routeFields } from './fields.ts';
import { excess } from './growth.ts';
import { INPUTS, OF_MANY } from './inputs.ts';

/** Maximum length of a message text, and a length for whole bodies. */
const SIZES = [4000, 20_000];

const FUNCTIONS = {
  'message/src/messages/mentions.ts': ({ mentionedNames }) => ({ mentionedNames }),
  'message/src/messages/prose.ts': ({ proseOf }) => ({ proseOf }),
  'message/src/search-index/vector.ts': ({ searchVector }) => ({ searchVector }),
  'message/src/search-index/query.ts': ({ searchQuery }) => ({ searchQuery }),
  'message/src/log/emoji.ts': ({ emojiKey }) => ({ emojiKey }),
  'message/src/word-filter/word-matcher.ts': ({ compile, isFilterable, wordKey }) => ({
    'a list of words': compile(['a', 'a a', 'aa bb', '漢字', 'ก', '漢'].map((word) => ({ word, action: 'mask' }))),
    isFilterable,
    wordKey,
  }),
  // Its schemas accept 254 characters.
  'auth/src/name-key.ts': ({ nameKey }) => ({ nameKey: (text: string) => nameKey(text.slice(0, 254)) }),
  'auth/src/password-policy.ts': ({ checkPassword }) => ({
    checkPassword: (text: string) => checkPassword('password', text, ['ann', 'ann@example.com']),
  }),
  'file/src/filenames.ts': ({ safeFilename, extensionOf, contentDisposition }) => ({
    safeFilename,
    extensionOf,
    contentDisposition: (text: string) => contentDisposition('inline', text.toWellFormed()),
  }),
  'file/src/ranges.ts': ({ wantedSpan, matches }) => ({
    wantedSpan: (text: string) => wantedSpan(`bytes=${text}`, undefined, '"x"', 100),
    'If-Range': (text: string) => wantedSpan('bytes=0-1', text, '"x"', 100),
    matches: (text: string) => matches(text, '"x"'),
  }),
} satisfies Parameters<typeof functionsOf>[1];

describe('work', function () {
  this.timeout(600_000);
  let fields: Field[];

  before(async () => {
    fields = [
      ...(await routeFields(REPO)),
      ...(await frameFields(REPO)),
      ...(await functionsOf(REPO, FUNCTIONS)),
      { name: 'kit cleanText', judge: (value) => void cleanText(value as string) },
      { name: 'kit customFault', judge: (value) => void customFault({ [value as string]: { a: value } }) },
      { name: 'kit fold', judge: (value) => void fold(value as string) },
      { name: 'kit foldWithOffsets', judge: (value) => void foldWithOffsets(value as string) },
      { name: 'kit isVisible', judge: (value) => void isVisible(value as string) },
      { name: 'kit requestIdFrom', judge: (value) => void requestIdFrom(value as string) },
    ];
  });

  it('for every field and function is linear in the input length', () => {
    const faults = new Map<string, string>();
    for (const size of SIZES)
      for (const { name, of } of INPUTS) {
        const judged = fields.filter((one) => !faults.has(one.name) && (!one.isMany || OF_MANY.has(name)));
        for (const field of judged) {
          const times = excess(field.judge, of, size);
          if (times > 0) faults.set(field.name, `${size} of ${name}: ${times.toFixed(0)} times`);
        }
      }
    expect(Object.fromEntries(faults)).to.deep.equal({});
  });

  it('is measured everywhere: fields of every service are found, and quadratic growth is detected', () => {
    for (const name of ['/users/register', '/messages', '/rooms', '/files', '/admin', '/internal/', 'frame resume'])
      expect(
        fields.some((field) => field.name.includes(name)),
        name,
      ).to.equal(true);
    const square = (value: unknown): void => void /x+$/.test(value as string);
    const input = (n: number): string => `${'x'.repeat(n - 1)}!`;
    expect(excess(square, input, 4000)).to.be.greaterThan(15);
  });
});
