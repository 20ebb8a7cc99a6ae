// Small parts of all pages.
import { useStore } from '@chatapi/page/value';
import type { ComponentChildren, JSX } from 'preact';
import { Icon, type IconName } from './icons.tsx';
import { agoIn, timeIn, useTexts, useWords } from './language.tsx';
import { nameOf } from './names.ts';
import { Problem } from './problem.tsx';
import { linkTo } from './where.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'plain' | 'accent';

/** Its text says it; the colour only helps. */
export const Badge = ({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }): JSX.Element => (
  <span class={`badge ${tone}`}>{children}</span>
);

const TONES: Record<string, Tone> = {
  active: 'good',
  ok: 'good',
  done: 'good',
  delivered: 'good',
  resolved: 'good',
  ready: 'good',
  open: 'warn',
  pending: 'warn',
  paused: 'warn',
  degraded: 'warn',
  archived: 'warn',
  unknown: 'warn',
  moderator: 'accent',
  admin: 'accent',
  banned: 'bad',
  refused: 'bad',
  failed: 'bad',
  disabled: 'bad',
  unavailable: 'bad',
  infected: 'bad',
};

/** A word of the server, such as a status. */
export function Status({ word }: { word: string }): JSX.Element {
  const { states } = useTexts();
  return <Badge tone={TONES[word]}>{(states as Record<string, string>)[word] ?? word}</Badge>;
}

export function Time({ at }: { at: string | null | undefined }): JSX.Element {
  const { language, texts } = useWords();
  if (!at) return <span class="quiet">{texts.never}</span>;
  return (
    <time dateTime={at} title={timeIn(language, at)}>
      {agoIn(language, at)}
    </time>
  );
}

export const Mono = ({ children }: { children: ComponentChildren }): JSX.Element => (
  <code class="mono" title={typeof children === 'string' ? children : undefined}>
    {children}
  </code>
);

export const UserLink = ({ id, name }: { id: string; name?: string }): JSX.Element => {
  const known = useStore(nameOf(id));
  return (
    <a class="who-link" href={linkTo('users', id)} title={id}>
      {name ?? known?.username ?? id}
    </a>
  );
};

export interface Doing {
  label: string;
  onClick(): void;
  icon?: IconName;
  kind?: 'primary' | 'danger' | 'plain';
  disabled?: boolean;
}

export const Button = ({ label, onClick, icon, kind = 'plain', disabled }: Doing): JSX.Element => (
  <button type="button" class={`button ${kind}`} onClick={onClick} disabled={disabled}>
    {icon && <Icon name={icon} />}
    {label}
  </button>
);

export const Head = ({
  title,
  lead,
  children,
}: {
  title: ComponentChildren;
  lead?: ComponentChildren;
  children?: ComponentChildren;
}): JSX.Element => (
  <header class="head">
    <div class="head-text">
      <h1 tabIndex={-1}>{title}</h1>
      {lead && <p class="quiet">{lead}</p>}
    </div>
    {children && <div class="buttons">{children}</div>}
  </header>
);

export const Section = ({
  title,
  children,
  side,
}: {
  title: string;
  children: ComponentChildren;
  side?: ComponentChildren;
}): JSX.Element => (
  <section class="card">
    <div class="card-head">
      <h2>{title}</h2>
      {side}
    </div>
    {children}
  </section>
);

export type Fact = [name: string, value: ComponentChildren];

export const Facts = ({ facts }: { facts: Fact[] }): JSX.Element => (
  <dl class="facts">
    {facts.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);

export const Empty = ({ children }: { children: ComponentChildren }): JSX.Element => <p class="empty">{children}</p>;

/** The first load, or why it failed. What was loaded before stays above. */
export function Waiting({ error, reload }: { error: Error | undefined; reload(): void }): JSX.Element {
  const texts = useTexts();
  if (error === undefined)
    return (
      <p class="empty" role="status">
        <span class="spinner" aria-hidden="true" /> {texts.loading}
      </p>
    );
  return (
    <div class="alert" role="alert">
      <Problem error={error} />
      <Button label={texts.tryAgain} onClick={reload} />
    </div>
  );
}
