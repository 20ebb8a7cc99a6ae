// The pages to which links in mails lead, unless RESET_URL and CONFIRM_URL name others. Nothing is
// loaded from other hosts, nothing is inline, and nobody gets the address as a referrer.
import { readFileSync } from 'node:fs';
import { languageOf, notFound, type RequestContext } from '@chatapi/kit';
import { type StaticText, staticText } from '../static-text.ts';
import { type Language, TEXTS, type Texts } from './texts.ts';

type Page = 'reset' | 'confirm';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ERROR = '<p class="error" role="alert"></p>';

const resetForms = (t: Texts): string => `<form data-form="reset" hidden novalidate>
<label for="password">${t.password}</label>
<input class="field" id="password" name="password" type="password" autocomplete="new-password" aria-describedby="hint" required>
<p class="hint" id="hint">${t.hint}</p>
<label class="choice"><input id="show" type="checkbox"> ${t.show}</label>
${ERROR}
<button>${t.set}</button>
</form>
<form data-form="ask" hidden novalidate>
<p>${t.askWhy}</p>
<label for="email">${t.email}</label>
<input class="field" id="email" name="email" type="email" autocomplete="email" required>
<p class="hint"></p>
${ERROR}
<button>${t.ask}</button>
</form>`;

const confirmForm = (t: Texts): string => `<form data-form="confirm" hidden>
<p>${t.confirmWhy}</p>
${ERROR}
<button>${t.confirm}</button>
</form>
<p class="error notice" role="alert" hidden></p>`;

const html = (language: Language, name: Page, t: Texts, title: string, forms: string): string => `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/account/assets/account.css">
<script src="/account/assets/account.js" type="module"></script>
</head>
<body data-page="${name}">
<main>
<h1 tabindex="-1">${title}</h1>
<noscript><p class="error">${t.script}</p></noscript>
${forms}
<p class="done" role="status" hidden></p>
${Object.entries(t.words)
  .map(([word, text]) => `<span data-words="${word}" hidden>${text}</span>`)
  .join('\n')}
</main>
</body>
</html>
`;

const pagesIn = (language: Language): Record<Page, StaticText> => {
  const t = TEXTS[language];
  return {
    reset: staticText('html', html(language, 'reset', t, t.resetTitle, resetForms(t))),
    confirm: staticText('html', html(language, 'confirm', t, t.confirmTitle, confirmForm(t))),
  };
};
const PAGES = { en: pagesIn('en'), de: pagesIn('de') };

const assetOf = (name: string, type: string): [string, StaticText] => [
  name,
  staticText(type, readFileSync(new URL(`../../pages/${name}`, import.meta.url))),
];
const ASSETS = new Map([assetOf('account.js', 'text/javascript'), assetOf('account.css', 'text/css')]);

type Call<P> = Pick<RequestContext<P>, 'req' | 'res' | 'params'>;

/** Not stored, since its address has a token. */
export const accountPage =
  (page: Page) =>
  async ({ req, res }: Call<unknown>): Promise<void> => {
    const { type, text } = PAGES[languageOf(req)][page];
    res.set({ 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store' });
    res.type(type).send(text);
  };

/** Express answers 304 when the ETag is in If-None-Match. */
export async function accountAsset({ res, params }: Pick<Call<{ name: string }>, 'res' | 'params'>): Promise<void> {
  const asset = ASSETS.get(params.name);
  if (asset === undefined) throw notFound('The file');
  res.set({ 'Cache-Control': 'no-cache', ETag: asset.etag }).type(asset.type).send(asset.text);
}
