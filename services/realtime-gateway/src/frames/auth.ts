import { AppError } from '@chatapi/kit';
import Joi from 'joi';
import { sendErrorFrame } from '../errors.ts';
import type { Connection, Node } from '../node.ts';
import { jsonFrame } from '../ws-frame.ts';
import type { FrameType } from './frame.ts';

interface AuthFrame {
  type: 'auth';
  token: string;
}

async function renew(node: Node, c: Connection, token: string): Promise<void> {
  const claims = node.revocations.admit(await node.verifier.verify(token));
  if (claims.user_id !== c.user.id) throw new AppError('AUTHORIZATION_ERROR', 'The token is another user’s');
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
  summary: 'Go on with a fresh access token of the same user',
  async handle(node, c, { token }) {
    await renew(node, c, token).catch((error) => sendErrorFrame(node, c, error));
  },
};
