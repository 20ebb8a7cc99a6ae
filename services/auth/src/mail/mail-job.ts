// Sends queued mails. Several instances may do so: each mail is leased by one. A mail whose
// instance dies between the server's answer and the deletion of the row is sent again, with the
// same Message-ID: at least once.
import { setTimeout as sleep } from 'node:timers/promises';
import { every, type RecurringTask } from '@chatapi/kit';
import type { Context } from '../context.ts';
import { issueToken } from './link-store.ts';
import { type LinkPage, linkTo } from './links.ts';
import type { MailResult } from './mail-metrics.ts';
import { isMailDue, type LeasedMail, leaseMails, postponeMail, removeMail } from './mail-store.ts';
import { render } from './render.ts';
import { createMailTransport, type MailTransport } from './transport.ts';

type Ctx = Pick<Context, 'config' | 'db' | 'reads' | 'log' | 'mailMetrics'>;

export interface MailTiming {
  pollMs: number;
  /** A mail that takes longer is tried again. */
  sendMs: number;
  /** More than `sendMs`: nobody else takes the mail before. */
  leaseS: number;
  firstRetryS: number;
}

const TIMING: MailTiming = { pollMs: 1000, sendMs: 45_000, leaseS: 60, firstRetryS: 15 };
const MAX_SENDING = 5;
const MAX_RETRY_S = 3600;
const GIVE_UP_S = 24 * 3600;

interface SmtpError extends Error {
  code?: string;
  command?: string;
  responseCode?: number;
}

/** The server will never take a mail for this recipient. */
const isRefused = ({ command, responseCode = 0 }: SmtpError): boolean => command === 'RCPT TO' && responseCode >= 500;

/** Doubles up to an hour. Spread by a quarter, so that mails of an outage do not return at once. */
const retryDelay = (attempts: number, firstS: number): number =>
  Math.min(MAX_RETRY_S, firstS * 2 ** (attempts - 1)) * (1 + Math.random() / 4);

const PAGES: Partial<Record<LeasedMail['kind'], LinkPage>> = { 'password-reset': 'RESET_URL' };

/**
 * The token is made here, so that the database never has it, only its SHA-256. Each attempt has its
 * own, and time begins when it is sent. @returns undefined when the link was used or replaced.
 */
async function linkOf(ctx: Ctx, { kind, link_id }: LeasedMail): Promise<{ href: string; seconds: number } | undefined> {
  const page = PAGES[kind] ?? 'CONFIRM_URL';
  const { PASSWORD_RESET_TTL, EMAIL_CONFIRMATION_TTL } = ctx.config;
  const seconds = page === 'RESET_URL' ? PASSWORD_RESET_TTL : EMAIL_CONFIRMATION_TTL;
  const issued = await issueToken(ctx.db, link_id as string, seconds);
  return issued && { href: linkTo(ctx.config, page, issued.token), seconds };
}

async function deliver(ctx: Ctx, transport: MailTransport, mail: LeasedMail): Promise<'sent' | 'dropped'> {
  const link = mail.link_id === null ? undefined : await linkOf(ctx, mail);
  if (mail.link_id !== null && link === undefined) return 'dropped';
  await transport.send({ ...mail, ...render({ ...mail, link }) });
  return 'sent';
}

async function inTime<T>(work: Promise<T>, ms: number, stopping: AbortSignal): Promise<T> {
  const ended = new AbortController();
  const signal = AbortSignal.any([stopping, ended.signal]);
  try {
    const late = sleep(ms, undefined, { signal }).then(() => {
      throw new Error('the mail server took too long');
    });
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}

/** @returns what became of it. */
async function settle(ctx: Ctx, mail: LeasedMail, error: SmtpError, firstRetryS: number): Promise<MailResult> {
  const delay = retryDelay(mail.attempts, firstRetryS);
  const { mail_id, kind, attempts } = mail;
  ctx.log.warn({ err: error.message, mail_id, kind, attempts }, 'a mail was not sent');
  if (isRefused(error)) return 'refused';
  if ((Date.now() - mail.created_at.getTime()) / 1000 + delay > GIVE_UP_S) return 'given_up';
  await postponeMail(ctx.db, mail, delay);
  return 'retried';
}

export function startMailJob(
  ctx: Ctx,
  timing: Partial<MailTiming> = {},
  transport: MailTransport = createMailTransport(ctx.config),
): RecurringTask {
  const { pollMs, sendMs, leaseS, firstRetryS } = { ...TIMING, ...timing };
  const stopping = new AbortController();
  const sending = new Set<Promise<void>>();

  async function send(mail: LeasedMail): Promise<MailResult> {
    try {
      const result = await inTime(deliver(ctx, transport, mail), sendMs, stopping.signal);
      await removeMail(ctx.db, mail);
      return result;
    } catch (error) {
      if (stopping.signal.aborted) {
        // Another instance takes it now. The server may have it already: at least once.
        await postponeMail(ctx.db, mail, 0);
        return 'retried';
      }
      const result = await settle(ctx, mail, error as SmtpError, firstRetryS);
      if (result !== 'retried') await removeMail(ctx.db, mail);
      return result;
    }
  }

  /** Goes on with the next mail at once, unless this one failed: the server may be away. */
  async function work(first: LeasedMail): Promise<void> {
    for (let mail: LeasedMail | undefined = first; mail !== undefined; ) {
      const result = await send(mail);
      ctx.mailMetrics.count(result);
      mail = result === 'retried' || stopping.signal.aborted ? undefined : (await leaseMails(ctx.db, 1, leaseS))[0];
    }
  }

  const failed = (err: Error): void => ctx.log.warn({ err: err.message }, 'mails wait; will retry');
  const poll = every(
    pollMs,
    async () => {
      const free = MAX_SENDING - sending.size;
      if (free === 0 || !(await isMailDue(ctx.reads))) return;
      for (const mail of await leaseMails(ctx.db, free, leaseS)) {
        const running: Promise<void> = work(mail)
          .catch(failed)
          .finally(() => sending.delete(running));
        sending.add(running);
      }
    },
    failed,
  );
  return {
    async close() {
      await poll.close();
      stopping.abort();
      await Promise.all(sending);
    },
  };
}
