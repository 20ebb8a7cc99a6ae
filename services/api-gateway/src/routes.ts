// The public API: every method and path that the gateway accepts, and the service that serves it.
import type { ServiceName } from './config.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Row {
  method: Method;
  /** A segment that starts with `:` matches one id. */
  path: string;
  /** `gateway`: served here. */
  service: ServiceName | 'gateway';
  /** `user`: the gateway answers 401 without a valid token. Roles are checked by the service. */
  who: 'anyone' | 'user';
  /**
   * Not counted by the general limit: health, documents, and what has limits of its own. `people`:
   * counted for application keys only.
   */
  exempt?: true | 'people';
  /** Answered under overload too. */
  health?: true;
  /** A page or a document of /docs, which `DOCS=off` removes. */
  document?: true;
  /** A page of an app, which exists where its setting is on. */
  app?: 'console' | 'demo';
  /** Answered with SERVICE_UNAVAILABLE after 2.5 s: used when something hangs, or old by then. */
  shortTimeout?: true;
  /** Checks a password, which is slow: starts are spread (login-pacing.ts). */
  paced?: true;
  /** Frequent: forwarded over the persistent RPC connection (rpc-forwarder.ts). */
  viaRpc?: true;
  /**
   * Opens or renews a session, or proves or asks who somebody is: counted on the caller’s address
   * even if a token is sent.
   */
  byAddress?: true;
  /** An additional rate limit. */
  budget?: 'uploads' | 'registrations' | 'docs' | 'hooks' | 'typing';
  /**
   * The parameter is text of the caller's own, which the service decodes: `%2F`, `%5C` and `%2E`
   * are letters of it.
   */
  opaque?: true;
  /** A stream of events if `Accept` asks for one; stream-forwarder.ts takes it to a node. */
  stream?: true;
  /** A body of up to 4 MiB. */
  large?: true;
  /** A body of up to 64 KiB. */
  small?: true;
  /** Transfers a file: size and time limits of its own. */
  file?: 'upload' | 'download';
}

const local = { method: 'GET', service: 'gateway', who: 'anyone', exempt: true } as const;
const health = { ...local, health: true } as const;
const webhooks = { service: 'integration', who: 'user' } as const;
const ownUser = { service: 'auth', who: 'user', opaque: true } as const;
const document = { ...local, document: true, budget: 'docs' } as const;
/** Of links in mails, of the apps, and the SDKs. */
const page = { ...local, budget: 'docs' } as const;

export const rows: Row[] = [
  { ...health, path: '/' },
  { ...health, path: '/test-db', budget: 'docs' },
  { method: 'GET', path: '/rate-limits', service: 'gateway', who: 'anyone' },
  { ...document, path: '/docs' },
  { ...document, path: '/docs/openapi.json' },
  { ...document, path: '/docs/asyncapi.json' },
  { ...document, path: '/docs/realtime' },
  { ...document, path: '/docs/guide' },
  { ...document, path: '/docs/guide/:page' },
  { ...document, path: '/docs/guide/search.json' },
  { ...document, path: '/docs/guide/assets/:name' },
  { ...document, path: '/docs/assets/:name' },
  { ...page, path: '/account/reset' },
  { ...page, path: '/account/confirm' },
  { ...page, path: '/account/assets/:name' },
  { ...page, path: '/sdk' },
  { ...page, path: '/sdk/:name' },
  { ...page, path: '/demo', app: 'demo' },
  { ...page, path: '/demo/assets/:name', app: 'demo' },
  { ...page, path: '/console', app: 'console' },
  { ...page, path: '/console/assets/:name', app: 'console' },

  {
    method: 'POST',
    path: '/users/register',
    service: 'auth',
    who: 'anyone',
    paced: true,
    byAddress: true,
    budget: 'registrations',
  },
  { method: 'POST', path: '/users/login', service: 'auth', who: 'anyone', paced: true, byAddress: true },
  { method: 'POST', path: '/users/refresh', service: 'auth', who: 'anyone', byAddress: true },
  { method: 'POST', path: '/users/token', service: 'auth', who: 'anyone', byAddress: true },
  { method: 'POST', path: '/users/logout', service: 'auth', who: 'user' },
  { method: 'POST', path: '/users/password-resets', service: 'auth', who: 'anyone', byAddress: true },
  {
    method: 'POST',
    path: '/users/password-resets/confirm',
    service: 'auth',
    who: 'anyone',
    paced: true,
    byAddress: true,
  },
  { method: 'POST', path: '/users/me/email', service: 'auth', who: 'user', paced: true },
  { method: 'POST', path: '/users/email-confirmations', service: 'auth', who: 'anyone', byAddress: true },
  { method: 'POST', path: '/users/email-confirmations/resend', service: 'auth', who: 'anyone', byAddress: true },
  { method: 'DELETE', path: '/users/me', service: 'auth', who: 'user', paced: true },
  { method: 'PUT', path: '/users/me/password', service: 'auth', who: 'user', paced: true },
  { method: 'GET', path: '/users/me/sessions', service: 'auth', who: 'user' },
  { method: 'DELETE', path: '/users/me/sessions', service: 'auth', who: 'user' },
  { method: 'DELETE', path: '/users/me/sessions/:id', service: 'auth', who: 'user' },

  { method: 'POST', path: '/app/users/batch', service: 'auth', who: 'user', large: true },
  { method: 'PUT', path: '/app/users/:external_id', ...ownUser },
  { method: 'GET', path: '/app/users/:external_id', ...ownUser },
  { method: 'DELETE', path: '/app/users/:external_id', ...ownUser },
  { method: 'POST', path: '/app/users/:external_id/deactivate', ...ownUser },
  { method: 'POST', path: '/app/users/:external_id/activate', ...ownUser },
  { method: 'POST', path: '/app/users/:external_id/tokens', ...ownUser },

  { method: 'GET', path: '/users/me', service: 'user', who: 'user' },
  { method: 'PUT', path: '/users/me', service: 'user', who: 'user' },
  { method: 'GET', path: '/users', service: 'user', who: 'user' },
  { method: 'GET', path: '/users/:id', service: 'user', who: 'user' },

  { method: 'POST', path: '/bots', service: 'auth', who: 'user' },
  { method: 'GET', path: '/bots', service: 'auth', who: 'user' },
  { method: 'PUT', path: '/bots/:id', service: 'auth', who: 'user' },
  { method: 'DELETE', path: '/bots/:id', service: 'auth', who: 'user' },
  { method: 'POST', path: '/bots/:id/tokens', service: 'auth', who: 'user' },
  { method: 'GET', path: '/bots/:id/tokens', service: 'auth', who: 'user' },
  { method: 'DELETE', path: '/bots/:id/tokens/:token_id', service: 'auth', who: 'user' },

  { method: 'POST', path: '/rooms', service: 'message', who: 'user' },
  { method: 'GET', path: '/rooms', service: 'message', who: 'user' },
  { method: 'GET', path: '/rooms/public', service: 'message', who: 'user' },
  { method: 'GET', path: '/rooms/:id', service: 'message', who: 'user' },
  { method: 'PUT', path: '/rooms/:id', service: 'message', who: 'user' },
  { method: 'DELETE', path: '/rooms/:id', service: 'message', who: 'user' },
  { method: 'POST', path: '/rooms/:id/join', service: 'message', who: 'user' },
  { method: 'POST', path: '/rooms/:id/leave', service: 'message', who: 'user' },
  { method: 'GET', path: '/rooms/:id/members', service: 'message', who: 'user' },
  { method: 'POST', path: '/rooms/:id/members', service: 'message', who: 'user' },
  { method: 'PUT', path: '/rooms/:id/members/:user_id', service: 'message', who: 'user' },
  { method: 'DELETE', path: '/rooms/:id/members/:user_id', service: 'message', who: 'user' },
  { method: 'PUT', path: '/rooms/:id/members/:user_id/mute', service: 'message', who: 'user' },
  { method: 'DELETE', path: '/rooms/:id/members/:user_id/mute', service: 'message', who: 'user' },
  { method: 'PUT', path: '/rooms/:id/read', service: 'message', who: 'user' },
  // Where WebSocket is blocked, typing must not use up the requests that messages need.
  {
    method: 'POST',
    path: '/rooms/:id/typing',
    service: 'message',
    who: 'user',
    exempt: 'people',
    budget: 'typing',
    shortTimeout: true,
  },
  { method: 'GET', path: '/rooms/:id/events', service: 'message', who: 'user', stream: true },
  { method: 'GET', path: '/events', service: 'gateway', who: 'user', stream: true },
  { method: 'POST', path: '/rooms/:id/incoming-webhooks', ...webhooks },
  { method: 'GET', path: '/rooms/:id/incoming-webhooks', ...webhooks },
  { method: 'DELETE', path: '/rooms/:id/incoming-webhooks/:hook_id', ...webhooks },
  // One address may post for many webhooks, each of which has a limit of its own.
  {
    method: 'POST',
    path: '/hooks/:id/:secret',
    service: 'integration',
    who: 'anyone',
    small: true,
    exempt: true,
    budget: 'hooks',
  },

  { method: 'GET', path: '/messages', service: 'message', who: 'user', viaRpc: true },
  { method: 'POST', path: '/messages', service: 'message', who: 'user', viaRpc: true },
  { method: 'GET', path: '/messages/search', service: 'message', who: 'user' },
  { method: 'GET', path: '/messages/:id', service: 'message', who: 'user' },
  { method: 'PUT', path: '/messages/:id', service: 'message', who: 'user' },
  { method: 'DELETE', path: '/messages/:id', service: 'message', who: 'user' },
  { method: 'PUT', path: '/messages/:id/reactions/:emoji', service: 'message', who: 'user' },
  { method: 'GET', path: '/messages/:id/reactions/:emoji', service: 'message', who: 'user' },
  { method: 'DELETE', path: '/messages/:id/reactions/:emoji', service: 'message', who: 'user' },

  { method: 'POST', path: '/files/upload', service: 'file', who: 'user', file: 'upload', budget: 'uploads' },
  { method: 'PUT', path: '/users/me/avatar', service: 'file', who: 'user', file: 'upload', budget: 'uploads' },
  { method: 'DELETE', path: '/users/me/avatar', service: 'file', who: 'user' },
  // Pictures of a page: not of the general limit.
  {
    method: 'GET',
    path: '/avatars/:user_id/:hash',
    service: 'file',
    who: 'anyone',
    file: 'download',
    exempt: true,
    budget: 'docs',
  },
  { method: 'POST', path: '/users/me/export', service: 'file', who: 'user' },
  { method: 'GET', path: '/users/me/export', service: 'file', who: 'user' },
  { method: 'GET', path: '/files/exports/:id', service: 'file', who: 'anyone', file: 'download' },
  { method: 'GET', path: '/files', service: 'file', who: 'user' },
  { method: 'GET', path: '/files/:id', service: 'file', who: 'user' },
  { method: 'DELETE', path: '/files/:id', service: 'file', who: 'user' },
  // `anyone`, since a signed URL is enough: an <img> sends no Authorization header.
  { method: 'GET', path: '/files/:id/content', service: 'file', who: 'anyone', file: 'download' },
  { method: 'GET', path: '/files/:id/thumbnail', service: 'file', who: 'anyone', file: 'download' },

  { method: 'POST', path: '/reports', service: 'admin', who: 'user' },
  { method: 'GET', path: '/announcements', service: 'admin', who: 'user' },

  { method: 'GET', path: '/admin/dashboard/stats', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/dashboard/series', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/dashboard/stats/rebuild', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/users', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/users/:id', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/users/:id/rooms', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/users/:id/sessions', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/users/:id/files', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/users/:id/ban', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/users/:id/unban', service: 'admin', who: 'user' },
  { method: 'PUT', path: '/admin/users/:id/role', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/users/:id/unlock', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/users/:id/password-reset', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/users/:id/sessions', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/users/:id/export', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/users/:id/export', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/users/:id', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/rooms', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/rooms/:id', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/rooms/:id/members', service: 'admin', who: 'user' },
  { method: 'PUT', path: '/admin/rooms/:id', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/rooms/:id', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/files', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/exports', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/messages/search', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/messages/:id/delivery', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/messages/:id', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/audit-log', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/audit-log.csv', service: 'admin', who: 'user', file: 'download' },
  { method: 'GET', path: '/admin/reports', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/reports/:id/context', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/reports/:id/act', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/reports/:id/resolve', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/reports/:id/dismiss', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/announcements', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/announcements', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/word-filter', service: 'admin', who: 'user' },
  { method: 'PUT', path: '/admin/word-filter', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/word-filter/try', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/keys', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/keys', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/keys/:id', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/issuers', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/issuers', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/issuers/:id', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/invites', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/invites', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/invites/:id', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/webhooks', ...webhooks },
  { method: 'GET', path: '/admin/webhooks', ...webhooks },
  { method: 'GET', path: '/admin/webhooks/:id', ...webhooks },
  { method: 'PUT', path: '/admin/webhooks/:id', ...webhooks },
  { method: 'DELETE', path: '/admin/webhooks/:id', ...webhooks },
  { method: 'POST', path: '/admin/webhooks/:id/rotate-secret', ...webhooks },
  { method: 'POST', path: '/admin/webhooks/:id/pause', ...webhooks },
  { method: 'POST', path: '/admin/webhooks/:id/resume', ...webhooks },
  { method: 'POST', path: '/admin/webhooks/:id/test', ...webhooks },
  { method: 'GET', path: '/admin/webhooks/:id/deliveries', ...webhooks },
  { method: 'POST', path: '/admin/webhooks/:id/replay', ...webhooks },
  { method: 'PUT', path: '/admin/hooks/before-message', ...webhooks },
  { method: 'GET', path: '/admin/hooks/before-message', ...webhooks },
  { method: 'DELETE', path: '/admin/hooks/before-message', ...webhooks },
  { method: 'GET', path: '/admin/system/health', service: 'admin', who: 'user', shortTimeout: true },
];
