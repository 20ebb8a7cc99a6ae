// Markdown to HTML. The documents are ours: their HTML is kept, but for comments.
import { posix } from 'node:path';
import { Marked, type Tokens } from 'marked';
import type { Source } from './contents.ts';

interface Section {
  /** Id of the heading in the page. */
  id: string;
  title: string;
  depth: number;
  text: string;
}

export interface Rendered {
  html: string;
  title: string;
  sections: Section[];
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => ESCAPES[sign] as string);

/** As GitHub makes them, so that links between documents work in both places. */
function idsOfHeadings(): (title: string) => string {
  const used = new Map<string, number>();
  return (title) => {
    const id = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const times = used.get(id) ?? 0;
    used.set(id, times + 1);
    return times === 0 ? id : `${id}-${times}`;
  };
}

/** Text of inline tokens without their marks. */
const plain = (tokens: Tokens.Generic[] = []): string =>
  tokens.map((token) => (token.tokens === undefined ? (token.text ?? '') : plain(token.tokens))).join('');

/** @param pageOf the page of a document, by its path from the root of the repository. */
export function render(markdown: string, { file }: Source, pageOf: (file: string) => string | undefined): Rendered {
  const idOf = idsOfHeadings();
  const sections: Section[] = [];
  /** A document that is no page of the guide is only named. */
  const linked = (href: string): string | undefined => {
    if (/^(?:[a-z]+:|#|\/)/.test(href)) return href;
    const [path = '', anchor] = href.split('#');
    const page = pageOf(posix.join(posix.dirname(file), path));
    return page === undefined ? undefined : `/docs/guide/${page}${anchor === undefined ? '' : `#${anchor}`}`;
  };
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }) {
        const title = plain(tokens);
        const id = idOf(title);
        sections.push({ id, title, depth, text: '' });
        const anchor = depth === 1 ? '' : `<a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`;
        return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}${anchor}</h${depth}>\n`;
      },
      code({ text, lang }) {
        // Pictures of the architecture: readers of the page have the words below them.
        if (lang === 'mermaid') return '';
        return `<div class="code"><pre tabindex="0"><code>${escaped(text)}</code></pre></div>\n`;
      },
      link({ href, tokens }) {
        const target = linked(href);
        const text = this.parser.parseInline(tokens);
        return target === undefined ? text : `<a href="${escaped(target)}">${text}</a>`;
      },
      table(token) {
        const cell = ({ tokens, header }: Tokens.TableCell): string =>
          `<${header ? 'th' : 'td'}>${this.parser.parseInline(tokens)}</${header ? 'th' : 'td'}>`;
        const row = (cells: Tokens.TableCell[]): string => `<tr>${cells.map(cell).join('')}</tr>\n`;
        const body = token.rows.map(row).join('');
        return `<div class="table" tabindex="0"><table><thead>${row(token.header)}</thead><tbody>${body}</tbody></table></div>\n`;
      },
      image: ({ text }) => escaped(text),
      html: ({ text }) => text.replace(/<!--.*?-->/gs, ''),
    },
  });
  const tokens = marked.lexer(markdown);
  const html = marked.parser(tokens);
  addTexts(tokens, sections);
  return { html, title: sections[0]?.title ?? file, sections };
}

/** What search finds: the words below each heading, without code. */
function addTexts(tokens: Tokens.Generic[], sections: Section[]): void {
  let at = -1;
  const wordsOf = (token: Tokens.Generic): string => {
    if (token.type === 'table')
      return [...(token.header ?? []), ...(token.rows ?? []).flat()].map((cell) => plain(cell.tokens)).join(' ');
    if (token.type === 'list') return (token.items ?? []).map((item: Tokens.Generic) => plain(item.tokens)).join(' ');
    return token.type === 'paragraph' || token.type === 'blockquote' ? plain(token.tokens) : '';
  };
  for (const token of tokens) {
    if (token.type === 'heading') at += 1;
    const section = sections[at];
    if (section !== undefined) section.text += ` ${wordsOf(token)}`;
  }
}
