// Owns: the public API: every method and path that passes the door, and to whom. What is not here does not exist outside.
import type { Upstream } from './config.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Row {
  method: Method;
  /** Segments that start with `:` take one id. */
  path: string;
  /** `door`: answered here. */
  service: Upstream | 'door';
  /** `user`: the door itself answers 401 without a good token. Roles are judged by the service. */
  who: 'anyone' | 'user';
  /** Neither counted nor refused under load: health and documents. */
  free?: true;
  /** Asked when something hangs: silence for 2.5 s is told as SERVICE_UNAVAILABLE. */
  prompt?: true;
  /** A password is judged: it takes long anyway and lets others pass. */
  gives_way?: true;
  /** Comes so often that it goes over the kept connection: kept.ts. */
  kept?: true;
  /** A file travels: its own size and time limits. */
  file?: 'upload' | 'download';
}

export const rows: Row[] = [
  { method: 'GET', path: '/', service: 'door', who: 'anyone', free: true },
  { method: 'GET', path: '/test-db', service: 'door', who: 'anyone', free: true },
  { method: 'GET', path: '/rate-limits', service: 'door', who: 'anyone' },
  { method: 'GET', path: '/docs', service: 'door', who: 'anyone', free: true },
  { method: 'GET', path: '/docs/openapi.json', service: 'door', who: 'anyone', free: true },
  { method: 'GET', path: '/docs/asyncapi.json', service: 'door', who: 'anyone', free: true },
  { method: 'GET', path: '/docs/realtime', service: 'door', who: 'anyone', free: true },
  { method: 'GET', path: '/docs/assets/:name', service: 'door', who: 'anyone', free: true },

  { method: 'POST', path: '/users/register', service: 'auth', who: 'anyone', gives_way: true },
  { method: 'POST', path: '/users/login', service: 'auth', who: 'anyone', gives_way: true },
  { method: 'POST', path: '/users/refresh', service: 'auth', who: 'anyone' },
  { method: 'POST', path: '/users/logout', service: 'auth', who: 'user' },
  { method: 'DELETE', path: '/users/me', service: 'auth', who: 'user', gives_way: true },
  { method: 'PUT', path: '/users/me/password', service: 'auth', who: 'user', gives_way: true },
  { method: 'GET', path: '/users/me/sessions', service: 'auth', who: 'user' },
  { method: 'DELETE', path: '/users/me/sessions', service: 'auth', who: 'user' },
  { method: 'DELETE', path: '/users/me/sessions/:id', service: 'auth', who: 'user' },

  { method: 'GET', path: '/users/me', service: 'user', who: 'user' },
  { method: 'PUT', path: '/users/me', service: 'user', who: 'user' },
  { method: 'GET', path: '/users', service: 'user', who: 'user' },
  { method: 'GET', path: '/users/:id', service: 'user', who: 'user' },

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

  { method: 'GET', path: '/messages', service: 'message', who: 'user', kept: true },
  { method: 'POST', path: '/messages', service: 'message', who: 'user', kept: true },
  { method: 'GET', path: '/messages/search', service: 'message', who: 'user' },
  { method: 'GET', path: '/messages/:id', service: 'message', who: 'user' },
  { method: 'PUT', path: '/messages/:id', service: 'message', who: 'user' },
  { method: 'DELETE', path: '/messages/:id', service: 'message', who: 'user' },
  { method: 'PUT', path: '/messages/:id/reactions/:emoji', service: 'message', who: 'user' },
  { method: 'DELETE', path: '/messages/:id/reactions/:emoji', service: 'message', who: 'user' },

  { method: 'POST', path: '/files/upload', service: 'file', who: 'user', file: 'upload' },
  { method: 'POST', path: '/users/me/export', service: 'file', who: 'user' },
  { method: 'GET', path: '/users/me/export', service: 'file', who: 'user' },
  { method: 'GET', path: '/files/exports/:id', service: 'file', who: 'anyone', file: 'download' },
  { method: 'GET', path: '/files', service: 'file', who: 'user' },
  { method: 'GET', path: '/files/:id', service: 'file', who: 'user' },
  { method: 'DELETE', path: '/files/:id', service: 'file', who: 'user' },
  // A signed URL is enough for these two: an <img> sends no header.
  { method: 'GET', path: '/files/:id/content', service: 'file', who: 'anyone', file: 'download' },
  { method: 'GET', path: '/files/:id/thumbnail', service: 'file', who: 'anyone', file: 'download' },

  { method: 'POST', path: '/reports', service: 'admin', who: 'user' },
  { method: 'GET', path: '/announcements', service: 'admin', who: 'user' },

  { method: 'GET', path: '/admin/dashboard/stats', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/dashboard/stats/rebuild', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/users', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/users/:id/ban', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/users/:id/unban', service: 'admin', who: 'user' },
  { method: 'PUT', path: '/admin/users/:id/role', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/users/:id/unlock', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/users/:id/sessions', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/users/:id/export', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/users/:id/export', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/users/:id', service: 'admin', who: 'user' },
  { method: 'DELETE', path: '/admin/messages/:id', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/audit-log', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/reports', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/reports/:id/resolve', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/reports/:id/dismiss', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/announcements', service: 'admin', who: 'user' },
  { method: 'POST', path: '/admin/announcements', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/word-filter', service: 'admin', who: 'user' },
  { method: 'PUT', path: '/admin/word-filter', service: 'admin', who: 'user' },
  { method: 'GET', path: '/admin/system/health', service: 'admin', who: 'user', prompt: true },
];
