// The mails that this service sends. A text names the account, and what `Told` has; nothing else
// that a user typed gets into it.

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

export const MAIL_KINDS = [
  'password-reset',
  'password-changed',
  'email-confirmation',
  'email-change',
  'email-change-requested',
  'email-changed',
  'new-device',
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

export interface Told {
  /** RFC 3339. */
  at?: string;
  /** IP address of the request. */
  ip?: string;
  /** Family of the browser (known-device.ts). */
  device?: string;
  /** The new e-mail address. */
  email?: string;
}
