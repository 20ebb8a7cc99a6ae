// The width of what people read: comment lines and Markdown lines have at most 100 characters.
import { filesBelow, read } from './tree.ts';

export const MAX_WIDTH = 100;

const CODE = ['packages', 'apps', 'services', 'infra', 'examples'];
const GENERATED_BEGIN = /^<!-- made from the code/;
const GENERATED_END = /^<!-- made from the code: end -->|^<!-- end/;

/** A line that is a comment as a whole; code with a comment behind it is the formatter's. */
const COMMENT = { script: /^\s*(?:\/\/|\/?\*)/, python: /^\s*#(?!!)/ };
/** A link, a path or a hash that can't be broken. */
const UNBREAKABLE = /\S{80,}/;

const tooWide = (line: string): boolean => line.length > MAX_WIDTH && !UNBREAKABLE.test(line);

const fault = (file: string, index: number, line: string): string =>
  `${file}:${index + 1}: ${line.length} characters, at most ${MAX_WIDTH}`;

export function commentFaults(root: string): string[] {
  const files = CODE.flatMap((dir) => filesBelow(root, dir, '**/*.{ts,tsx,css,mjs,js,py,sh}'));
  return files.flatMap((file) => {
    const comment = /\.(?:py|sh)$/.test(file) ? COMMENT.python : COMMENT.script;
    return read(root, file)
      .split('\n')
      .flatMap((line, i) => (comment.test(line) && tooWide(line) ? [fault(file, i, line)] : []));
  });
}

/** Tables, code blocks and what is generated from the code have their own width. */
export function markdownFaults(root: string): string[] {
  const files = ['', ...CODE, 'docs', 'k8s'].flatMap((dir) =>
    dir === '' ? filesBelow(root, '.', '*.md') : filesBelow(root, dir, '**/*.md'),
  );
  return files.flatMap((file) => {
    let fenced = false;
    let generated = false;
    return read(root, file)
      .split('\n')
      .flatMap((line, i) => {
        if (line.trimStart().startsWith('```')) fenced = !fenced;
        if (GENERATED_END.test(line)) generated = false;
        else if (GENERATED_BEGIN.test(line)) generated = true;
        const free = fenced || generated || line.startsWith('|') || line.startsWith('    ');
        return !free && tooWide(line) ? [fault(file, i, line)] : [];
      });
  });
}
