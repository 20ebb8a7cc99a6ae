// Finds sections by their words. The texts are loaded when somebody searches.
import MiniSearch, { type SearchResult } from 'minisearch';
import type { Entry } from './search-entry.ts';

const MAX_RESULTS = 12;
/** Characters of a section that a result shows. */
const SHOWN = 160;

async function load(): Promise<MiniSearch<Entry>> {
  const index = new MiniSearch<Entry>({
    fields: ['title', 'page', 'text'],
    storeFields: ['title', 'page', 'text'],
    searchOptions: { boost: { title: 4, page: 2 }, prefix: true, fuzzy: 0.15, combineWith: 'AND' },
  });
  const answer = await fetch('/docs/guide/search.json');
  if (!answer.ok) throw new Error(`search.json: ${answer.status}`);
  index.addAll(await answer.json());
  return index;
}

/** The part of a text around the first of these words. */
function excerpt(text: string, words: string[]): string {
  const at = Math.max(0, Math.min(...words.map((word) => text.toLowerCase().indexOf(word)).filter((n) => n >= 0)));
  const from = Number.isFinite(at) && at > SHOWN / 2 ? text.indexOf(' ', at - SHOWN / 2) + 1 : 0;
  const part = text.slice(from, from + SHOWN);
  return `${from > 0 ? '… ' : ''}${part}${from + SHOWN < text.length ? ' …' : ''}`;
}

function element(tag: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function resultRow({ id, page, title, text, terms }: SearchResult): HTMLElement {
  const row = document.createElement('li');
  const link = document.createElement('a');
  link.href = `/docs/guide/${id}`;
  link.append(element('strong', title), ...(page === title ? [] : [element('small', page)]));
  row.append(link, element('p', excerpt(text, terms)));
  return row;
}

function show(found: HTMLElement, query: string, results: SearchResult[]): void {
  const status = element('p', results.length === 0 ? `Nothing is found for “${query}”.` : `${results.length} found`);
  status.setAttribute('role', 'status');
  const list = document.createElement('ol');
  list.append(...results.map(resultRow));
  found.replaceChildren(status, list);
}

export function search(): void {
  const field = document.querySelector<HTMLInputElement>('#search');
  const found = document.querySelector<HTMLElement>('#found');
  const article = document.querySelector<HTMLElement>('article');
  if (field === null || found === null || article === null) return;
  let loading: Promise<MiniSearch<Entry>> | undefined;
  const start = (): Promise<MiniSearch<Entry>> => {
    loading ??= load().catch((error) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  const run = async (): Promise<void> => {
    const query = field.value.trim();
    found.hidden = query === '';
    article.hidden = query !== '';
    if (query === '') return;
    try {
      const index = await start();
      if (query === field.value.trim()) show(found, query, index.search(query).slice(0, MAX_RESULTS));
    } catch {
      found.replaceChildren(element('p', 'The search could not be loaded. Try again.'));
    }
  };
  field.hidden = false;
  field.addEventListener('focus', () => void start().catch(() => undefined));
  field.addEventListener('input', () => void run());
  // The page stays the same where only the heading changes.
  found.addEventListener('click', (event) => {
    if (!(event.target instanceof Element) || event.target.closest('a') === null) return;
    field.value = '';
    void run();
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    } else if (event.key === 'Escape' && isTyping) {
      field.value = '';
      void run();
    }
  });
}
