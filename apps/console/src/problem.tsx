// What went wrong, and what to do about it.
import { ChatApiError } from '@chatapi/client';
import type { JSX } from 'preact';
import { useTexts } from './language.tsx';
import type { Texts } from './texts.ts';

interface Fault {
  path: string;
  message: string;
}

const faultsOf = ({ details }: ChatApiError): Fault[] =>
  Array.isArray(details.fields) ? (details.fields as Fault[]) : [];

function adviceFor(error: ChatApiError, texts: Texts): string {
  const { advice } = texts;
  const seconds = Math.ceil((error.retryAfterMs ?? Number(error.details.retry_after_s ?? 60) * 1000) / 1000);
  switch (error.code) {
    case 'AUTHORIZATION_ERROR':
      return error.details.reason === 'ban_limit' ? advice.banLimit : advice.role;
    case 'RESOURCE_NOT_FOUND':
      return advice.gone;
    case 'CONFLICT':
      return advice.conflict;
    case 'VALIDATION_ERROR':
      return advice.invalid;
    case 'RATE_LIMIT_EXCEEDED':
    case 'ACCOUNT_LOCKED':
      return advice.wait(seconds);
    case 'NETWORK_ERROR':
    case 'SERVICE_UNAVAILABLE':
      return advice.away;
    case 'AUTHENTICATION_ERROR':
      return advice.logIn;
    default:
      return advice.bug(error.requestId ?? '–');
  }
}

/** Words of the server stand below: they name what exactly was refused. */
export function Problem({ error }: { error: Error }): JSX.Element {
  const texts = useTexts();
  if (!(error instanceof ChatApiError)) return <span>{texts.advice.bug(error.message)}</span>;
  const faults = faultsOf(error);
  return (
    <span class="problem">
      <span>{adviceFor(error, texts)}</span>
      <span class="quiet" lang="en">
        {faults.length > 0 ? faults.map(({ path, message }) => `${path}: ${message}`).join('; ') : error.message}
      </span>
    </span>
  );
}
