// The frame of a page: navigation, search, contents of the page, and what comes next.
import type { CONTENTS, Source } from './contents.ts';
import { escaped, type Rendered } from './markdown.ts';

export interface Frame {
  contents: typeof CONTENTS;
  script: string;
  style: string;
}

const link = ({ name, title }: Source, current: string): string =>
  `<li><a href="/docs/guide/${name}"${name === current ? ' aria-current="page"' : ''}>${escaped(title)}</a></li>`;

const navigation = ({ contents }: Frame, current: string): string =>
  [
    ...contents.map(({ title, pages }) => ({ title, items: pages.map((page) => link(page, current)) })),
    {
      title: 'Reference',
      items: [
        '<li><a href="/docs">REST API</a></li>',
        '<li><a href="/docs/realtime">WebSocket frames</a></li>',
        '<li><a href="/sdk">Files of the SDKs</a></li>',
      ],
    },
  ]
    .map(({ title, items }) => `<h2>${escaped(title)}</h2>\n<ul>\n${items.join('\n')}\n</ul>`)
    .join('\n');

function around({ contents }: Frame, current: string): string {
  const pages = contents.flatMap((group) => group.pages);
  const at = pages.findIndex(({ name }) => name === current);
  const to = (page: Source | undefined, word: string): string =>
    page === undefined
      ? '<span></span>'
      : `<a href="/docs/guide/${page.name}"><small>${word}</small>${escaped(page.title)}</a>`;
  return `<nav class="around" aria-label="Pages before and after">${to(pages[at - 1], 'Previous')}${to(pages[at + 1], 'Next')}</nav>`;
}

function onThisPage({ sections }: Rendered): string {
  const shown = sections.filter(({ depth }) => depth === 2);
  if (shown.length < 2) return '';
  const items = shown.map(({ id, title }) => `<li><a href="#${id}">${escaped(title)}</a></li>`).join('\n');
  return `<nav class="here" aria-label="On this page"><h2>On this page</h2>\n<ul>\n${items}\n</ul></nav>`;
}

export const pageHtml = (frame: Frame, source: Source, rendered: Rendered): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(rendered.title)} · chatapi</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/guide/assets/${frame.style}">
<script type="module" src="/docs/guide/assets/${frame.script}"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="brand" href="/docs/guide">chatapi</a>
<search><input type="search" id="search" placeholder="Search ( / )" aria-label="Search the documentation" autocomplete="off" hidden></search>
</header>
<details class="menu" open><summary>Menu</summary>
<nav aria-label="Documentation">
${navigation(frame, source.name)}
</nav>
</details>
<main id="content">
<div id="found" hidden></div>
<article>
${rendered.html}
${around(frame, source.name)}
</article>
</main>
${onThisPage(rendered)}
</body>
</html>
`;
