import { ChatApiError } from '@chatapi/client';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useTexts } from './language.tsx';
import { Problem } from './problem.tsx';
import { type Ended, logIn } from './session.ts';

const isWrong = (error: Error): boolean => error instanceof ChatApiError && error.code === 'AUTHENTICATION_ERROR';

export function Login({ why }: { why: Ended }): JSX.Element {
  const texts = useTexts();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(undefined);
    await logIn(String(form.get('username')), String(form.get('password'))).catch(setError);
    setBusy(false);
  };
  return (
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>
          <span class="mark" aria-hidden="true" /> chatapi <span class="quiet">{texts.console}</span>
        </h1>
        {(why === 'expired' || why === 'no-staff') && (
          <p class="alert warn" role="status">
            {texts.ended[why]}
          </p>
        )}
        <div class="field">
          <label for="username">{texts.usernameOrEmail}</label>
          <input id="username" name="username" required autocomplete="username" autocapitalize="none" autofocus />
        </div>
        <div class="field">
          <label for="password">{texts.password}</label>
          <input id="password" name="password" type="password" required autocomplete="current-password" />
        </div>
        {error && (
          <p class="alert" role="alert">
            {isWrong(error) ? texts.wrongLogin : <Problem error={error} />}
          </p>
        )}
        <button type="submit" class="button primary wide" disabled={isBusy}>
          {texts.logIn}
        </button>
        <p class="quiet">{texts.loginHint}</p>
      </form>
    </main>
  );
}
