// Worst-case inputs: long runs of opening characters, blanks, and combining marks out of order.

const repeat = (piece: string, length: number): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

const PIECES = [
  ...'< <! </ & " = @ - . , : / \\ % _ # * ? ( [ { ; + 0 9 a'.split(' '),
  ...[
    '<a ',
    '<a b="',
    '<a b=">" ',
    '<!--',
    '<!---',
    '<b>',
    '</b>',
    '<b onclick=x>',
    '<script>',
    ' ',
    '\t',
    '\n ',
    'a ',
    '. ',
    '< ',
  ],
  ...[
    '@a',
    '@a.',
    '@-',
    'a@',
    'a.b',
    'a.',
    '-a',
    '://',
    'http://a',
    '%41',
    'é',
    '\u0300',
    '\u0315\u0300',
    '\u1100\u1161',
  ],
  ...[
    '\u200b',
    '\u200d',
    '\u00ad',
    '\ufe0f',
    '😀',
    '👍🏽',
    '👩‍',
    '🇩',
    '漢',
    'ก',
    // Decomposes to 18 characters. 20,000 of this stay below V8's large objects (128 KiB), whose
    // pages cost several times more.
    '\ufdfaaaaaaaa',
    '\u202e',
    '\u0000',
    '\ud800',
    '\ud800a',
    '\udc00',
  ],
];

export interface Input {
  name: string;
  of(length: number): string;
}

/** Combining marks in reverse order, which normalisation has to sort. */
const reversed: Input = {
  name: 'marks out of order',
  of: (length) => `a${repeat('\u0345', length / 3)}${repeat('\u0315', length / 3)}${repeat('\u0327', length / 3)}`,
};

const ends: Input[] = ['!', '\n', '>', 'a@b', '-', '.txt'].flatMap((end) =>
  [' ', 'a', '.', '0', '<', '-', '='].map((piece) => ({
    name: `${JSON.stringify(piece)}… and ${JSON.stringify(end)}`,
    of: (length: number) => `x${repeat(piece, length - end.length - 1)}${end}`,
  })),
);

export const INPUTS: Input[] = [
  ...PIECES.map((piece) => ({ name: JSON.stringify(piece), of: (length: number) => repeat(piece, length) })),
  ...ends,
  reversed,
];

/** For fields with many small values: a letter, a digit, escaped characters, several bytes. */
export const OF_MANY = new Set(['a', '0', '"', '\u0000', '😀'].map((piece) => JSON.stringify(piece)));
