import { AppError, securityEvent } from '@chatapi/kit';
import type { Context } from '../context.ts';
import type { RequestOrigin } from '../session-store.ts';

/** One answer for a token that was used, replaced, has expired, or never was. */
export function tokenInvalid(ctx: Context, { ip, request_id }: RequestOrigin): AppError {
  securityEvent(ctx, 'link.refused', { ip, request_id });
  return new AppError('VALIDATION_ERROR', 'token is not valid: it was used, replaced, or has expired', {
    details: {
      reason: 'token_invalid',
      fields: [{ path: 'token', message: 'token is not valid: it was used, replaced, or has expired' }],
    },
  });
}
