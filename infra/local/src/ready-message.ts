import { join } from 'node:path';
import { hasConsole, hasDemo } from './apps/build-apps.ts';
import type { Cluster } from './cluster.ts';
import { urlOf } from './instances.ts';
import type { Settings } from './settings.ts';

const PASTE_WS = (url: string): string =>
  `${process.execPath} -e 'const s=new WebSocket("${url.replace(/^http/, 'ws')}/ws/me?token="+process.argv[1]);` +
  `s.onmessage=e=>console.log(e.data);s.onopen=()=>s.send(JSON.stringify({message:"Hello, world!"}))' "$TOKEN"`;

/** The message after a start, with commands that work when pasted in order. */
export function readyMessage(
  cluster: Cluster,
  { dataDir, env }: Pick<Settings, 'dataDir' | 'env'>,
  seconds: number,
): string {
  const nodes = cluster.instances
    .filter(({ dir }) => dir === 'realtime-gateway')
    .map((i) => `${urlOf(i).replace(/^http/, 'ws')}/ws/{user_id}`);
  const login =
    cluster.admin === undefined
      ? []
      : [`  admin      ${cluster.admin.username} / ${cluster.admin.password}   (shown once)`];
  const areSent = env.SMTP_URL || env.SMTP_URL_FILE || env.NODE_ENV === 'production';
  const mails = areSent ? [] : [`  mails      ${join(dataDir, 'mail')}/*.eml   (SMTP_URL sends them)`];
  const demo = hasDemo({ env })
    ? [`  demo       ${cluster.url}/demo   (two people on two nodes: cut, kill, read on)`]
    : [];
  const who = cluster.admin === undefined ? 'the log-in of an admin' : 'the log-in below';
  const console = hasConsole({ env }) ? [`  console    ${cluster.url}/console   (${who})`] : [];
  const pages = [...demo, ...console];
  // A new name at each start, so that the command works again after a restart.
  const name = `john${Date.now().toString(36)}`;
  const register = `{"username":"${name}","email":"${name}@example.com","password":"securepassword123","display_name":"John Doe"}`;
  return [
    '',
    `chatapi is ready (${seconds.toFixed(1)} s).  Ctrl-C stops it; data stays in ${dataDir}`,
    '',
    ...pages,
    ...(pages.length > 0 ? [''] : []),
    `  REST       ${cluster.url}`,
    `  documents  ${cluster.url}/docs`,
    `  SDKs       ${cluster.url}/sdk/`,
    `  WebSocket  ${cluster.url.replace(/^http/, 'ws')}/ws/{user_id}`,
    `  nodes      ${nodes.join('  ')}`,
    ...mails,
    ...login,
    '',
    'Try it:',
    `  TOKEN=$(curl -s ${cluster.url}/users/register -H 'Content-Type: application/json' -d '${register}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `  curl -s ${cluster.url}/users/me -H "Authorization: Bearer $TOKEN"`,
    `  ${PASTE_WS(cluster.url)}`,
    '',
  ].join('\n');
}
