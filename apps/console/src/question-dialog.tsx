import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useTexts } from './language.tsx';
import { Problem } from './problem.tsx';
import { type Asked, type Field, question } from './questions.ts';
import { isProved, prove } from './session.ts';

function Control({ field, isFirst }: { field: Field; isFirst: boolean }): JSX.Element {
  const { name, kind = 'text', options = [], value = '', isRequired, maxLength } = field;
  const common = { id: `field-${name}`, name, required: isRequired, autofocus: isFirst };
  const described = field.hint ? { 'aria-describedby': `hint-${name}` } : {};
  if (kind === 'area')
    return <textarea {...common} {...described} rows={3} maxLength={maxLength} defaultValue={value} />;
  if (kind === 'select')
    return (
      <select {...common} {...described}>
        {options.map(([one, word]) => (
          <option key={one} value={one} selected={one === value}>
            {word}
          </option>
        ))}
      </select>
    );
  const type = { text: 'text', time: 'datetime-local', number: 'number' }[kind as 'text'] as 'text';
  return <input {...common} {...described} type={type} maxLength={maxLength} defaultValue={value} autocomplete="off" />;
}

function Checks({ field }: { field: Field }): JSX.Element {
  return (
    <fieldset class="field">
      <legend>{field.label}</legend>
      <div class="checks">
        {field.options?.map(([value, word]) => (
          <label key={value}>
            <input type="checkbox" name={field.name} value={value} /> {word}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

const OneField = ({ field, isFirst }: { field: Field; isFirst: boolean }): JSX.Element =>
  field.kind === 'checks' ? (
    <Checks field={field} />
  ) : (
    <div class="field">
      <label for={`field-${field.name}`}>{field.label}</label>
      <Control field={field} isFirst={isFirst} />
      {field.hint && (
        <p class="quiet" id={`hint-${field.name}`}>
          {field.hint}
        </p>
      )}
    </div>
  );

function Secret({ secret }: { secret: string }): JSX.Element {
  const texts = useTexts();
  const [isCopied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const copy = (): void => {
    field.current?.select();
    // Only pages over TLS, or of this machine, have a clipboard; elsewhere the text is selected.
    navigator.clipboard?.writeText(secret).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <div class="secret">
      <input ref={field} readOnly value={secret} aria-label={texts.secret} />
      <button type="button" class="button" onClick={copy}>
        {isCopied ? texts.copied : texts.copy}
      </button>
    </div>
  );
}

function Password(): JSX.Element {
  const texts = useTexts();
  return (
    <div class="field">
      <label for="field-password">{texts.ownPassword}</label>
      <input id="field-password" name="own-password" type="password" autocomplete="current-password" required />
      <p class="quiet">{texts.whyPassword}</p>
    </div>
  );
}

function Dialog({ asked }: { asked: Asked }): JSX.Element {
  const texts = useTexts();
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const [needsPassword] = useState(asked.needsPassword === true && !isProved());
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const answers = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(undefined);
    try {
      if (needsPassword) await prove(String(answers.get('own-password')));
      answers.delete('own-password');
      dialog.current?.close();
      asked.answer(answers);
    } catch (thrown) {
      setError(thrown as Error);
      setBusy(false);
    }
  };
  const cancel = (): void => {
    dialog.current?.close();
    asked.answer(undefined);
  };
  return (
    <dialog ref={dialog} aria-labelledby="question" onCancel={cancel}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="question">{asked.title}</h2>
        {asked.text && <p class="quiet">{asked.text}</p>}
        {asked.secret && <Secret secret={asked.secret} />}
        {asked.fields?.map((field, at) => (
          <OneField key={field.name} field={field} isFirst={at === 0} />
        ))}
        {needsPassword && <Password />}
        {error && (
          <p class="alert" role="alert">
            {(error as { code?: string }).code === 'AUTHENTICATION_ERROR' ? (
              texts.wrongPassword
            ) : (
              <Problem error={error} />
            )}
          </p>
        )}
        <div class="buttons end">
          {!asked.isNotice && (
            <button type="button" class="button" onClick={cancel}>
              {texts.cancel}
            </button>
          )}
          <button type="submit" class={`button ${asked.isDanger ? 'danger-fill' : 'primary'}`} disabled={isBusy}>
            {asked.yes}
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** Shows the question that is asked, if any. */
export function QuestionDialog(): JSX.Element | null {
  const asked = useStore(question);
  return asked === undefined ? null : <Dialog key={asked.title} asked={asked} />;
}
