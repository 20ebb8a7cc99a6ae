import { AppError, securityEvent } from '@chatapi/kit';
import Joi from 'joi';
import { admitSocketToken } from '../admit-upgrade.ts';
import type { Node } from '../context.ts';
import type { Connection } from '../state.ts';
import { sendErrorFrame } from '../wire/error-frame.ts';
import { jsonFrame } from '../wire/ws-frame.ts';
import type { FrameType } from './frame-type.ts';

interface AuthFrame {
  type: 'auth';
  token: string;
}

async function renewToken(node: Node, c: Connection, token: string): Promise<void> {
  const claims = await admitSocketToken(node, token, { user_id: c.user.id, action: 'auth' });
  if (claims.user_id !== c.user.id) {
    securityEvent(node, 'upgrade.refused', { user_id: c.user.id, action: 'auth', reason: 'other_user' });
    throw new AppError('AUTHORIZATION_ERROR', 'The token belongs to another user');
  }
  c.claims = claims;
  node.writer.write(
    c,
    jsonFrame({ type: 'authenticated', token_expires_at: new Date(claims.expires_at).toISOString() }),
  );
}

export const auth: FrameType<AuthFrame> = {
  schema: Joi.object<AuthFrame>({
    type: Joi.string().valid('auth').required(),
    token: Joi.string().max(4096).required(),
  }),
  summary: 'Renew the access token of the connection',
  async handle(node, c, { token }) {
    await renewToken(node, c, token).catch((error) => sendErrorFrame(node, c, error));
  },
};
