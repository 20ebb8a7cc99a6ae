// Who may register. Accounts that an application or an issuer creates are not bound by this.
import { AppError } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { requireInvite } from './invites.ts';
import { domainKey, type RegistrationSettings } from './settings.ts';

const refused = (reason: string, message: string): AppError =>
  new AppError('AUTHORIZATION_ERROR', message, { details: { reason } });

/** @throws AUTHORIZATION_ERROR, reason `email_domain`. */
export function requireEmailDomain(
  { REGISTRATION_DOMAINS }: Pick<RegistrationSettings, 'REGISTRATION_DOMAINS'>,
  email: string,
): void {
  if (REGISTRATION_DOMAINS.length === 0) return;
  const domain = domainKey(email.slice(email.lastIndexOf('@') + 1));
  if (!REGISTRATION_DOMAINS.some((allowed) => domainKey(allowed) === domain))
    throw refused('email_domain', 'Emails of this domain can’t register here');
}

/**
 * Before anything is looked up about the names. An invite is used later, in the transaction of the
 * account. @throws AUTHORIZATION_ERROR
 */
export async function requireMayRegister(
  ctx: Pick<Context, 'config' | 'db'>,
  { email, invite }: { email: string; invite?: string },
): Promise<void> {
  const { REGISTRATION } = ctx.config;
  if (REGISTRATION === 'closed') throw refused('registration_closed', 'Nobody can register here');
  if (REGISTRATION === 'invite' && invite === undefined)
    throw refused('invite_required', 'An invite is needed to register here');
  if (invite !== undefined) await requireInvite(ctx.db, invite);
  requireEmailDomain(ctx.config, email);
}
