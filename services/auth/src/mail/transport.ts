// Hands mails to the SMTP server, or writes them as files where there is none.
import { mkdirSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import type { MailSettings } from './mail-settings.ts';
import type { Rendered } from './render.ts';

interface Outgoing extends Rendered {
  mail_id: string;
  recipient: string;
}

export interface MailTransport {
  /** Resolves once the server has taken the mail. */
  send(mail: Outgoing): Promise<void>;
}

/** Together below the time limit of a mail (mail-job.ts). */
const TIMEOUTS = { dnsTimeout: 5000, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 15_000 };

const domainOf = (from: string): string => /@([^\s>]+)>?$/.exec(from)?.[1] as string;

/** Addresses are passed as objects, which are not parsed: no address can become two. */
const message = (from: string, { mail_id, recipient, subject, text, html }: Outgoing): SendMailOptions => ({
  from,
  to: { name: '', address: recipient },
  subject,
  text,
  html,
  // The same in each attempt, so that a mail program shows a mail once that was sent twice.
  messageId: `<${mail_id}@${domainOf(from)}>`,
  // RFC 3834: no out-of-office reply.
  headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  disableFileAccess: true,
  disableUrlAccess: true,
});

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));

/** A password, and whatever follows it, never goes over a network in clear. */
const needsTls = (url: URL): boolean => url.username !== '' && !isLoopback(url.hostname);

function smtpTransport(smtpUrl: string, from: string): MailTransport {
  const url = new URL(smtpUrl);
  // What the URL's query says takes precedence, such as `?tls.servername=…`.
  const transport = createTransport({ ...TIMEOUTS, requireTLS: needsTls(url), url: smtpUrl });
  return { send: async (mail) => void (await transport.sendMail(message(from, mail))) };
}

function fileTransport(folder: string, from: string): MailTransport {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  return {
    async send(mail) {
      const { message: bytes } = await transport.sendMail(message(from, mail));
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, `${mail.mail_id}.eml`);
      // They hold links to passwords: only the owner may read them.
      writeFileSync(`${file}.part`, bytes as Buffer, { mode: 0o600 });
      await rename(`${file}.part`, file);
    },
  };
}

export const createMailTransport = ({
  SMTP_URL,
  MAIL_FROM,
  MAIL_DIR,
}: Pick<MailSettings, 'SMTP_URL' | 'MAIL_FROM' | 'MAIL_DIR'>): MailTransport =>
  SMTP_URL === undefined ? fileTransport(resolve(MAIL_DIR), MAIL_FROM) : smtpTransport(SMTP_URL, MAIL_FROM);
