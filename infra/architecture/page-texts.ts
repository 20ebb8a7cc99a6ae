// Words for people in the sources of pages, which belong in the texts of each language. JSX is read
// as esbuild writes it: text between tags is an argument after the second.
import { transformSync } from 'esbuild';
import { filesBelow, read } from './tree.ts';

/** The same in every language, or not for people. */
const EVERYWHERE = new Set([
  'chatapi',
  'demo',
  'HTTP',
  'ID',
  'IP',
  'JWKS URL',
  'PostgreSQL',
  'Redis',
  'URL',
  'ms',
  'msg_…',
  'ADMIN_MESSAGE_SEARCH=on',
]);

/** Their values are shown, or read out. */
const SHOWN = new Set(['title', 'label', 'hint', 'lead', 'empty', 'placeholder', 'alt', 'aria-label', 'yes']);

const ELEMENT = 'JSX';
const TOKEN =
  /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|(?<=[(,=:[!&|?{;]\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[[^\]]*\])+\/\w*|\/\*.*?\*\/|\/\/.*|[\w$]+|[^\s\w$]/g;

interface Group {
  isElement: boolean;
  isList: boolean;
  commas: number;
}

interface Literal {
  text: string;
  /** Of the property that it is the value of. */
  key: string | undefined;
  isChild: boolean;
  isListed: boolean;
  /** With a key of the keyboard, or a word of the server. */
  isCompared: boolean;
}

/** Of a template what stands between its values. */
const unquoted = (token: string): string =>
  token
    .slice(1, -1)
    .replace(/\\(["'`])/g, '$1')
    .replace(/\$\{[^}]*\}?/g, ' ')
    .trim();

function literalsOf(code: string): Literal[] {
  const found: Literal[] = [];
  const groups: Group[] = [];
  const past: string[] = [];
  for (const [token] of code.matchAll(TOKEN)) {
    if (/^\/[*/]/.test(token)) continue;
    const group = groups.at(-1);
    const last = past.at(-1) ?? '';
    if (/^["'`]/.test(token)) {
      const key = last === ':' ? past.at(-2)?.replace(/["']/g, '') : undefined;
      const isValue = /^[,?:&|([]$/.test(last);
      const isChild = group?.isElement === true && group.commas >= 2 && isValue;
      const isListed = group?.isList === true && isValue;
      const isCompared = last === '=' && past.at(-2) === '=';
      found.push({ text: unquoted(token), key, isChild, isListed, isCompared });
    } else if (/^[([{]$/.test(token)) {
      groups.push({ isElement: token === '(' && last === ELEMENT, isList: token === '[', commas: 0 });
    } else if (/^[)\]}]$/.test(token)) {
      groups.pop();
    } else if (token === ',' && group !== undefined) {
      group.commas++;
    }
    past.push(token);
  }
  return found;
}

/** `External id` is words; `card question`, `usr_` and `application/json` are not. */
const reads = (text: string): boolean => /^\p{Lu}\p{Ll}+(?:$|[ ,.:!?…])/u.test(text);

const isLabel = ({ key }: Pick<Literal, 'key'>): boolean => key !== undefined && SHOWN.has(key);

const isForPeople = ({ text, key, isChild, isListed, isCompared }: Literal): boolean => {
  if (isCompared || EVERYWHERE.has(text) || !/\p{L}{2}/u.test(text)) return false;
  if (isChild || isLabel({ key })) return true;
  return key !== 'class' && (reads(text) || (isListed && /^\p{Lu}/u.test(text)));
};

/** Words for people in a source. Outside of JSX: labels only, since errors are for developers. */
export function wordsIn(source: string, loader: 'ts' | 'tsx'): string[] {
  const { code } = transformSync(source, {
    loader,
    jsx: 'transform',
    jsxFactory: ELEMENT,
    jsxFragment: 'FRAGMENT',
    charset: 'utf8',
    logLevel: 'silent',
  });
  return literalsOf(code)
    .filter((literal) => isForPeople(literal) && (loader === 'tsx' || isLabel(literal)))
    .map(({ text }) => text);
}

/** The texts themselves; the guide is written in one language. */
const isSource = (file: string): boolean => !/^apps\/guide\/|\/texts\/|\/test\/|\/build\.ts$/.test(file);

export const wordFaults = (root: string): string[] =>
  filesBelow(root, 'apps', '*/src/**/*.{ts,tsx}')
    .filter(isSource)
    .flatMap((file) =>
      wordsIn(read(root, file), file.endsWith('x') ? 'tsx' : 'ts').map(
        (text) => `${file}: "${text}" belongs in the texts of each language`,
      ),
    );
