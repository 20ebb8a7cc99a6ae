// Makes a mail from its templates: `templates/<language>/<kind>.txt`, with the subject and the
// words of its button above the text, and `.html`, which `layout.html` surrounds.
import { readFileSync } from 'node:fs';
import mustache from 'mustache';
import { LANGUAGES, type Language, MAIL_KINDS, type MailKind, type Told } from './mail.ts';

export interface Rendered {
  subject: string;
  text: string;
  html: string;
}

export interface Contents {
  kind: MailKind;
  language: Language;
  username: string;
  told: Told;
  /** What it leads to, and for how long. */
  link?: { href: string; seconds: number };
}

interface Template {
  subject: string;
  action: string;
  text: string;
  html: string;
}

// From `src/mail` and from `dist/mail` alike.
const read = (name: string): string =>
  readFileSync(new URL(`../../templates/${name}`, import.meta.url), 'utf8').replaceAll('\r', '');

function templateOf(language: Language, kind: MailKind): Template {
  const [head = '', ...rest] = read(`${language}/${kind}.txt`).split('\n\n');
  const field = (name: string): string => new RegExp(`^${name}: (.+)$`, 'm').exec(head)?.[1] ?? '';
  return {
    subject: field('Subject'),
    action: field('Action'),
    text: rest.join('\n\n'),
    html: read(`${language}/${kind}.html`),
  };
}

const LAYOUT = read('layout.html');
const TEMPLATES = new Map(
  LANGUAGES.flatMap((language) =>
    MAIL_KINDS.map((kind) => [`${language} ${kind}`, templateOf(language, kind)] as const),
  ),
);

const BROWSERS: Record<string, string> = {
  edge: 'Microsoft Edge',
  opera: 'Opera',
  samsung: 'Samsung Internet',
  firefox: 'Firefox',
  chrome: 'Chrome',
  safari: 'Safari',
};
const OTHER_PROGRAM: Record<Language, string> = {
  en: 'an app or another program',
  de: 'eine App oder ein anderes Programm',
};

/** Other programs name themselves, and what they say is no text for a mail. */
const deviceName = (family: string | undefined, language: Language): string =>
  BROWSERS[family ?? ''] ?? OTHER_PROGRAM[language];

const timeOf = (at: string | undefined, language: Language): string =>
  at === undefined
    ? ''
    : `${new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(at))} UTC`;

const UNITS: [seconds: number, unit: string][] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
];

/** In the largest unit that divides it, else in minutes, rounded down: “30 minutes”. */
function duration(seconds: number, language: Language): string {
  const [size, unit] = UNITS.find(([size]) => seconds % size === 0) ?? [60, 'minute'];
  const value = Math.max(1, Math.floor(seconds / size));
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

export function render({ kind, language, username, told, link }: Contents): Rendered {
  const { subject, action, text, html } = TEMPLATES.get(`${language} ${kind}`) as Template;
  const view = {
    ...told,
    username,
    at: timeOf(told.at, language),
    device: deviceName(told.device, language),
    link: link?.href,
    validity: link === undefined ? '' : duration(link.seconds, language),
  };
  const content = mustache.render(html, view);
  return {
    subject,
    text: mustache.render(text, view, {}, { escape: String }),
    html: mustache.render(LAYOUT, { ...view, language, subject, action, content }),
  };
}
