// Settings of mail and of the links in it.
import { fromFile } from '@chatapi/kit';
import Joi from 'joi';

export interface MailSettings {
  NODE_ENV?: string;
  MAIL_DIR: string;
  SMTP_URL?: string;
  MAIL_FROM: string;
  PUBLIC_URL?: string;
  RESET_URL?: string;
  CONFIRM_URL?: string;
  PASSWORD_RESET_TTL: number;
  EMAIL_CONFIRMATION_TTL: number;
  REQUIRE_VERIFIED_EMAIL: boolean;
  RATE_LIMIT_MAIL: number;
  RATE_LIMIT_MAIL_ADDRESS: number;
}

/** `off`: nothing can be sent, and what needs a mail answers 503. */
export type MailMode = 'smtp' | 'files' | 'off';

export const mailMode = ({ SMTP_URL, NODE_ENV }: Pick<MailSettings, 'SMTP_URL' | 'NODE_ENV'>): MailMode => {
  if (SMTP_URL !== undefined) return 'smtp';
  return NODE_ENV === 'production' ? 'off' : 'files';
};

const DEFAULT_FROM = 'Chat <no-reply@localhost>';
/** An address, or a name in front of it in angle brackets. No sign that could end the header. */
const FROM = /^(?:[^<>"\p{Cc}]{1,100} <[^\s<>@\p{Cc}]+@[^\s<>@\p{Cc}]+>|[^\s<>@\p{Cc}]+@[^\s<>@\p{Cc}]+)$/u;

const page = (what: string, path: string): Joi.StringSchema =>
  Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .description(`page for ${what}, gets \`?token=…\`; default: ${path} below PUBLIC_URL`);
const limit = (initial: number): Joi.NumberSchema => Joi.number().integer().min(0).max(100_000).default(initial);

const isOrigin: Joi.CustomValidator<string> = (value, h) => {
  const url = URL.parse(value);
  const bare = url !== null && url.username + url.password + url.search + url.hash === '' && url.pathname === '/';
  return bare && /^https?:$/.test(url.protocol) ? url.origin : h.error('origin.bad');
};

export const mailSettings = () => ({
  NODE_ENV: Joi.string().description('`production`: without SMTP_URL there is no mail'),
  MAIL_DIR: Joi.string().default('.data/mail').description('folder of mails as files, where there is no SMTP_URL'),
  SMTP_URL: fromFile(Joi.string())
    .uri({ scheme: ['smtp', 'smtps'] })
    .description(
      'mail server, such as `smtp://user:password@mail.example.com:587`; without it, mails are files, and under ' +
        'NODE_ENV=production there are none',
    ),
  MAIL_FROM: Joi.string()
    .pattern(FROM, 'an address, or `Name <address>`')
    .default(DEFAULT_FROM)
    .description('sender of mails: an address, or `Name <address>`; required with SMTP_URL'),
  PUBLIC_URL: Joi.string()
    .custom(isOrigin)
    .messages({ 'origin.bad': '{{#label}} must be an origin such as https://chat.example.com, without a path' })
    .when('NODE_ENV', {
      is: 'production',
      // biome-ignore lint/suspicious/noThenProperty: Joi's own word
      then: Joi.any(),
      otherwise: Joi.any().default('http://localhost:8000'),
    })
    .description('origin of the API gateway as users reach it, for links in mails; required with SMTP_URL'),
  RESET_URL: page('setting a new password', '/account/reset'),
  CONFIRM_URL: page('confirming an e-mail address', '/account/confirm'),
  PASSWORD_RESET_TTL: Joi.number()
    .integer()
    .min(60)
    .max(86_400)
    .default(1800)
    .description('seconds that a link to a new password is valid, from when it is sent'),
  EMAIL_CONFIRMATION_TTL: Joi.number()
    .integer()
    .min(60)
    .max(604_800)
    .default(86_400)
    .description('seconds that a link to confirm an e-mail address is valid, from when it is sent'),
  REQUIRE_VERIFIED_EMAIL: Joi.boolean()
    .default(false)
    .description('whether an account must confirm its e-mail address before its first login'),
  RATE_LIMIT_MAIL: limit(5).description('mails with links per account and hour; more are not sent; 0: off'),
  RATE_LIMIT_MAIL_ADDRESS: limit(20).description(
    'mails with links that one IP address (IPv6: /64) may cause in an hour; more are not sent; 0: off',
  ),
});

/** What no single setting can tell. */
export const mailFits: Joi.CustomValidator<MailSettings> = (value, h) => {
  const { SMTP_URL, MAIL_FROM, PUBLIC_URL, RESET_URL, CONFIRM_URL, REQUIRE_VERIFIED_EMAIL } = value;
  const hasPages = PUBLIC_URL !== undefined || (RESET_URL !== undefined && CONFIRM_URL !== undefined);
  if (SMTP_URL !== undefined && MAIL_FROM === DEFAULT_FROM)
    return h.message({ custom: '"MAIL_FROM" is required with SMTP_URL: the sender of mails' });
  if (SMTP_URL !== undefined && !hasPages)
    return h.message({ custom: '"PUBLIC_URL" is required with SMTP_URL, or RESET_URL and CONFIRM_URL' });
  if (REQUIRE_VERIFIED_EMAIL && mailMode(value) === 'off')
    return h.message({ custom: '"SMTP_URL" is required with REQUIRE_VERIFIED_EMAIL: the links go by mail' });
  return value;
};
