// What the calls of admins must be answered with; see `response-shapes.ts`.
import type { ResponseShapes } from './response-shapes.ts';

const ITEM = { id: 'string' } as const;
const STATS = { users: 'object', rooms: 'object', messages: 'object' } as const;
const WORDS = { words: ['object'], revision: 'number' } as const;

export const ADMIN_RESPONSE_SHAPES: ResponseShapes = {
  'GET /admin/dashboard/stats': STATS,
  'POST /admin/dashboard/stats/rebuild': STATS,
  'GET /admin/dashboard/series': { metric: 'string', points: [{ at: 'string' }] },
  'GET /admin/users': { users: [ITEM] },
  'GET /admin/users/{}': ITEM,
  'GET /admin/users/{}/rooms': { rooms: [ITEM] },
  'GET /admin/users/{}/sessions': { sessions: [ITEM] },
  'GET /admin/users/{}/files': { files: [ITEM] },
  'GET /admin/files': { files: [ITEM] },
  'GET /admin/exports': { exports: [ITEM] },
  'GET /admin/messages/search': { messages: [ITEM] },
  'GET /admin/messages/{}/delivery': { verdict: 'string', message: ITEM },
  'POST /admin/users/{}/ban': ITEM,
  'POST /admin/users/{}/unban': ITEM,
  'PUT /admin/users/{}/role': ITEM,
  'POST /admin/users/{}/password-reset': { url: 'string', expires_at: 'string' },
  'POST /admin/users/{}/export': ITEM,
  'GET /admin/users/{}/export': ITEM,
  'GET /admin/rooms': { rooms: [ITEM] },
  'GET /admin/rooms/{}': ITEM,
  'GET /admin/rooms/{}/members': { members: [{ user_id: 'string' }] },
  'PUT /admin/rooms/{}': ITEM,
  'GET /admin/audit-log': { entries: [ITEM] },
  'GET /admin/reports': { reports: [ITEM] },
  'GET /admin/reports/{}/context': { message_id: 'string', messages: [ITEM] },
  'POST /admin/reports/{}/act': ITEM,
  'POST /admin/reports/{}/resolve': ITEM,
  'POST /admin/reports/{}/dismiss': ITEM,
  'GET /admin/announcements': { announcements: [ITEM] },
  'POST /admin/announcements': ITEM,
  'GET /admin/word-filter': WORDS,
  'PUT /admin/word-filter': WORDS,
  'POST /admin/word-filter/try': { text: 'string' },
  'POST /admin/keys': { id: 'string', key: 'string' },
  'GET /admin/keys': { keys: [ITEM] },
  'POST /admin/issuers': { id: 'string', issuer: 'string' },
  'GET /admin/issuers': { issuers: [ITEM] },
  'POST /admin/invites': { id: 'string', code: 'string' },
  'GET /admin/invites': { invites: [ITEM] },
  'GET /admin/system/health': { status: 'string', services: [{ name: 'string' }] },
};
