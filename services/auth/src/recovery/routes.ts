import { Reply, type Route, route } from '@chatapi/kit';
import Joi from 'joi';
import type { Context } from '../context.ts';
import { emailAddress, newPassword, secretText } from '../shapes.ts';
import { confirmEmail, requestEmailChange } from './email-change.ts';
import { requestPasswordReset, resendConfirmation } from './link-requests.ts';
import { confirmPasswordReset } from './password-reset.ts';

const tag = 'Users';
const emailBody = Joi.object<{ email: string }, true>({ email: emailAddress().required() });
const token = secretText(128).description('from the link in the mail');
const tokenBody = Joi.object<{ token: string }, true>({ token });
const resetBody = Joi.object<{ token: string; new_password: string }, true>({ token, new_password: newPassword() });
const changeBody = Joi.object<{ email: string; current_password: string }, true>({
  email: emailAddress().required(),
  current_password: secretText(1024),
});

const ACCEPTED = new Reply<void>(202, undefined);
const NO_MAIL = '503 with the reason `mail_not_configured`: this server sends no mail.';

export const recoveryRoutes: Route<Context>[] = [
  route({
    method: 'post',
    path: '/users/password-resets',
    summary: 'Ask for a mail with a link to a new password; says nothing about whether there is such an account',
    description: `A new link ends the one before. An account gets 5 mails an hour. ${NO_MAIL}`,
    tag,
    who: 'anyone',
    scope: 'none',
    body: emailBody,
    example: { email: 'john@example.com' },
    status: 202,
    rule: async (ctx, call) => {
      await requestPasswordReset(ctx, call, call.body.email);
      return ACCEPTED;
    },
  }),
  route({
    method: 'post',
    path: '/users/password-resets/confirm',
    summary: 'Set a new password with the token of a link; ends all sessions',
    description: 'A token that was used, replaced, or has expired is VALIDATION_ERROR with the reason `token_invalid`.',
    tag,
    who: 'anyone',
    scope: 'none',
    body: resetBody,
    example: { token: 'from the link', new_password: 'copper-violet-meadow-27' },
    rule: (ctx, call) => confirmPasswordReset(ctx, call, call.body),
  }),
  route({
    method: 'post',
    path: '/users/me/email',
    summary: 'Ask for another e-mail address; it counts once the link that it gets is confirmed',
    description: NO_MAIL,
    tag,
    who: 'user',
    scope: 'none',
    body: changeBody,
    example: { email: 'john@example.org', current_password: 'securepassword123' },
    status: 202,
    errors: [423],
    rule: async (ctx, call) => {
      await requestEmailChange(ctx, call.caller, call, call.body);
      return ACCEPTED;
    },
  }),
  route({
    method: 'post',
    path: '/users/email-confirmations',
    summary: 'Confirm an e-mail address with the token of a link',
    description:
      'A token that was used, replaced, or has expired is VALIDATION_ERROR with the reason `token_invalid`; an ' +
      'address that got another account meanwhile is CONFLICT.',
    tag,
    who: 'anyone',
    scope: 'none',
    body: tokenBody,
    example: { token: 'from the link' },
    errors: [409],
    rule: (ctx, call) => confirmEmail(ctx, call, call.body.token),
  }),
  route({
    method: 'post',
    path: '/users/email-confirmations/resend',
    summary: 'Ask for the link again that confirms the address of an account',
    description: `Says nothing about whether there is such an account. ${NO_MAIL}`,
    tag,
    who: 'anyone',
    scope: 'none',
    body: emailBody,
    example: { email: 'john@example.com' },
    status: 202,
    rule: async (ctx, call) => {
      await resendConfirmation(ctx, call, call.body.email);
      return ACCEPTED;
    },
  }),
];
