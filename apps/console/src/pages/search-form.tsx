// What to search for in all messages. All but the reason is in the URL, which fills in the form and
// does nothing else.
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useTexts } from '../language.tsx';
import { refine, where } from '../where.ts';

/** What the URL keeps. */
const KEPT = ['q', 'room', 'author', 'from', 'to'] as const;

export type Asked = Record<(typeof KEPT)[number] | 'reason', string>;

interface FieldProps {
  name: keyof Asked;
  label: string;
  hint?: string;
  type?: 'search' | 'date';
  isRequired?: boolean;
  maxLength?: number;
}

function Field({ name, label, hint, type, isRequired, maxLength }: FieldProps): JSX.Element {
  const { query } = useStore(where);
  return (
    <div class={`field ${name}`}>
      <label for={name}>{label}</label>
      <input
        id={name}
        name={name}
        type={type as 'text'}
        required={isRequired}
        maxLength={maxLength}
        defaultValue={query[name] ?? ''}
        autocomplete="off"
        aria-describedby={hint && `hint-${name}`}
      />
      {hint && (
        <p class="quiet" id={`hint-${name}`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function SearchForm({ isBusy, search }: { isBusy: boolean; search(asked: Asked): void }): JSX.Element {
  const texts = useTexts();
  const { searching, columns } = texts;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const asked = Object.fromEntries(
      [...KEPT, 'reason' as const].map((name) => [name, String(form.get(name)).trim()]),
    ) as Asked;
    refine(Object.fromEntries(KEPT.map((name) => [name, asked[name] || undefined])));
    search(asked);
  };
  return (
    <form class="card search-form" onSubmit={submit}>
      <Field name="q" type="search" label={searching.words} hint={searching.wordsHint} isRequired maxLength={200} />
      <Field name="reason" label={texts.reason} hint={searching.reasonHint} isRequired maxLength={500} />
      <Field name="room" label={columns.room} hint={searching.roomHint} maxLength={64} />
      <Field name="author" label={searching.author} hint={searching.authorHint} maxLength={64} />
      <Field name="from" type="date" label={texts.audit.from} />
      <Field name="to" type="date" label={texts.audit.to} />
      <button type="submit" class="button primary" disabled={isBusy}>
        {texts.search}
      </button>
    </form>
  );
}
