// Links in mails. They lead to pages that the settings name, whatever host the request named.
import { AppError } from '@chatapi/kit';
import type { MailSettings } from './mail-settings.ts';

/** The product's own pages, which the API gateway serves. */
const OWN_PAGES = { RESET_URL: '/account/reset', CONFIRM_URL: '/account/confirm' } as const;

export type LinkPage = keyof typeof OWN_PAGES;

/** @throws SERVICE_UNAVAILABLE when neither the page nor PUBLIC_URL is set. */
export function linkTo(config: Pick<MailSettings, LinkPage | 'PUBLIC_URL'>, page: LinkPage, token: string): string {
  const own = config.PUBLIC_URL && config.PUBLIC_URL + OWN_PAGES[page];
  const base = config[page] ?? own;
  if (base === undefined)
    throw new AppError('SERVICE_UNAVAILABLE', 'PUBLIC_URL is not set on this server', {
      details: { reason: 'public_url_not_configured' },
    });
  const url = new URL(base);
  url.searchParams.set('token', token);
  return url.href;
}
