// Short-lived tokens of a session, signed with the cluster's secret.
import { createHmac } from 'node:crypto';

export const JWT_SECRET_KEY = 'known-to-the-scenarios-so-that-tokens-can-end-early';

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function shortLived(token: string, seconds: number): string {
  const [head, body] = token.split('.') as [string, string];
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const signed = `${head}.${encode({ ...claims, exp: Math.floor(Date.now() / 1000) + seconds })}`;
  return `${signed}.${createHmac('sha256', JWT_SECRET_KEY).update(signed).digest('base64url')}`;
}
