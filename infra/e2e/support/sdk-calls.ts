// The method of the TypeScript SDK for each operation of the public API, with all its parameters.
import type { ChatClient } from '@chatapi/client';
import { type MethodOf, PAGING, SERVER_CALLS, type ServerMethod } from './sdk-server-calls.ts';

type Part = 'users' | 'messages' | 'chats' | 'files' | 'events' | 'admin' | 'incomingWebhooks';
type ClientMethod = MethodOf<ChatClient, Part> | 'rateLimits' | 'report' | 'announcements';

export interface Call<M = ClientMethod | ServerMethod> {
  method: M;
  args: unknown[];
  /** Which argument is the body (or the query), whole. */
  input?: number;
  /** Of the client for backends. */
  by?: 'server';
}

const AUDIT_FILTER = { actor_id: 'a', target_id: 't', action: 'x', outcome: 'done', from: 'f', to: 't' };

const CLIENT_CALLS: Record<string, Call<ClientMethod>> = {
  'POST /users/register': {
    method: 'users.register',
    args: [{ username: 'u', email: 'e', password: 'p', display_name: 'd', invite: 'i' }],
    input: 0,
  },
  'POST /users/login': { method: 'users.login', args: [{ username_or_email: 'u', password: 'p' }], input: 0 },
  'POST /users/token': { method: 'users.exchangeToken', args: ['jwt'] },
  'POST /users/logout': { method: 'users.logout', args: [] },
  'GET /users/me': { method: 'users.me', args: [] },
  'PUT /users/me': {
    method: 'users.update',
    args: [{ display_name: 'd', bio: 'b', avatar_url: 'a', custom: { c: 1 } }],
    input: 0,
  },
  'PUT /users/me/avatar': { method: 'users.setAvatar', args: [new Blob(['b']), { name: 'n' }] },
  'DELETE /users/me/avatar': { method: 'users.removeAvatar', args: [] },
  'DELETE /users/me': { method: 'users.deleteMe', args: [{ password: 'p' }], input: 0 },
  'PUT /users/me/password': {
    method: 'users.changePassword',
    args: [{ current_password: 'c', new_password: 'n' }],
    input: 0,
  },
  'POST /users/password-resets': { method: 'users.requestPasswordReset', args: [{ email: 'e' }], input: 0 },
  'POST /users/password-resets/confirm': {
    method: 'users.confirmPasswordReset',
    args: [{ token: 't', new_password: 'n' }],
    input: 0,
  },
  'POST /users/me/email': { method: 'users.changeEmail', args: [{ email: 'e', current_password: 'c' }], input: 0 },
  'POST /users/email-confirmations': { method: 'users.confirmEmail', args: [{ token: 't' }], input: 0 },
  'POST /users/email-confirmations/resend': {
    method: 'users.resendEmailConfirmation',
    args: [{ email: 'e' }],
    input: 0,
  },
  'GET /users/me/sessions': { method: 'users.sessions', args: [PAGING], input: 0 },
  'DELETE /users/me/sessions': { method: 'users.endOtherSessions', args: [] },
  'DELETE /users/me/sessions/{id}': { method: 'users.endSession', args: ['i/1'] },
  'POST /users/me/export': { method: 'users.startExport', args: [] },
  'GET /users/me/export': { method: 'users.export', args: [] },
  'GET /users': { method: 'users.search', args: [{ search: 's', ...PAGING }], input: 0 },
  'GET /users/{id}': { method: 'users.get', args: ['i/1'] },

  'POST /rooms': {
    method: 'chats.create',
    args: [{ chat_id: 'c', name: 'n', topic: 't', visibility: 'private', member_ids: ['u'] }],
    input: 0,
  },
  'GET /rooms': { method: 'chats.list', args: [{ archived: true, ...PAGING }], input: 0 },
  'GET /rooms/public': { method: 'chats.listPublic', args: [{ search: 's', archived: true, ...PAGING }], input: 0 },
  'GET /rooms/{id}': { method: 'chats.get', args: ['i/1'] },
  'PUT /rooms/{id}': {
    method: 'chats.update',
    args: ['i/1', { name: 'n', topic: 't', visibility: 'public', slow_mode_seconds: 1, archived: true }],
    input: 1,
  },
  'DELETE /rooms/{id}': { method: 'chats.delete', args: ['i/1'] },
  'POST /rooms/{id}/join': { method: 'chats.join', args: ['i/1'] },
  'POST /rooms/{id}/typing': { method: 'chats.typing', args: ['i/1', { stop: true }], input: 1 },
  'POST /rooms/{id}/leave': { method: 'chats.leave', args: ['i/1'] },
  'GET /rooms/{id}/members': { method: 'chats.members', args: ['i/1', PAGING], input: 1 },
  'POST /rooms/{id}/members': { method: 'chats.addMember', args: ['i/1', 'u'] },
  'PUT /rooms/{id}/members/{user_id}': { method: 'chats.changeRole', args: ['i/1', 'u/1', 'moderator'] },
  'DELETE /rooms/{id}/members/{user_id}': { method: 'chats.removeMember', args: ['i/1', 'u/1'] },
  'PUT /rooms/{id}/members/{user_id}/mute': { method: 'chats.mute', args: ['i/1', 'u/1', { until: 'u' }], input: 2 },
  'DELETE /rooms/{id}/members/{user_id}/mute': { method: 'chats.unmute', args: ['i/1', 'u/1'] },
  'PUT /rooms/{id}/read': { method: 'messages.markRead', args: [{ chat_id: 'i/1', seq: 1 }] },

  'GET /rooms/{id}/events': { method: 'events.list', args: ['i/1', { after_seq: 1, limit: 2 }], input: 1 },

  'POST /rooms/{id}/incoming-webhooks': {
    method: 'incomingWebhooks.create',
    args: ['i/1', { name: 'n' }],
    input: 1,
  },
  'GET /rooms/{id}/incoming-webhooks': { method: 'incomingWebhooks.list', args: ['i/1', PAGING], input: 1 },
  'DELETE /rooms/{id}/incoming-webhooks/{hook_id}': { method: 'incomingWebhooks.delete', args: ['i/1', 'h/1'] },

  'GET /messages': {
    method: 'messages.list',
    args: [{ chat_id: 'c', recipient_id: 'r', before_seq: 1, after_seq: 1, thread_of: 't', ...PAGING }],
    input: 0,
  },
  'POST /messages': {
    method: 'messages.send',
    args: [
      {
        chat_id: 'c',
        recipient_id: 'r',
        content: 'c',
        message_type: 'text',
        attachments: ['f'],
        reply_to: 'r',
        client_id: 'c',
        custom: { c: 1 },
      },
    ],
    input: 0,
  },
  'GET /messages/search': { method: 'messages.search', args: [{ q: 'q', chat_id: 'c', ...PAGING }], input: 0 },
  'GET /messages/{id}': { method: 'messages.get', args: ['i/1'] },
  'PUT /messages/{id}': {
    method: 'messages.update',
    args: ['i/1', { content: 'c', custom: { c: null }, is_edited: true }],
    input: 1,
  },
  'DELETE /messages/{id}': { method: 'messages.delete', args: ['i/1'] },
  'PUT /messages/{id}/reactions/{emoji}': { method: 'messages.react', args: ['i/1', '👍'] },
  'GET /messages/{id}/reactions/{emoji}': {
    method: 'messages.reactors',
    args: ['i/1', '👍', PAGING],
    input: 2,
  },
  'DELETE /messages/{id}/reactions/{emoji}': { method: 'messages.unreact', args: ['i/1', '👍'] },

  'POST /files/upload': { method: 'files.upload', args: [new Blob(['b']), { name: 'n', description: 'd' }] },
  'GET /files': { method: 'files.list', args: [PAGING], input: 0 },
  'GET /files/{id}': { method: 'files.get', args: ['i/1'] },
  'DELETE /files/{id}': { method: 'files.delete', args: ['i/1'] },
  'GET /files/{id}/content': { method: 'files.content', args: ['i/1'] },
  'GET /files/{id}/thumbnail': { method: 'files.thumbnail', args: ['i/1'] },

  'GET /rate-limits': { method: 'rateLimits', args: [] },
  'POST /reports': { method: 'report', args: [{ target_type: 'user', target_id: 't', reason: 'r' }], input: 0 },
  'GET /announcements': { method: 'announcements', args: [PAGING], input: 0 },

  'GET /admin/dashboard/stats': { method: 'admin.stats', args: [] },
  'POST /admin/dashboard/stats/rebuild': { method: 'admin.rebuildStats', args: [] },
  'GET /admin/dashboard/series': {
    method: 'admin.series',
    args: [{ metric: 'messages', from: 'f', to: 't', step: 60 }],
    input: 0,
  },
  'GET /admin/users': {
    method: 'admin.users',
    args: [{ search: 's', status_filter: 'active', role_filter: 'user', sort: 'created', ...PAGING }],
    input: 0,
  },
  'GET /admin/users/{id}': { method: 'admin.user', args: ['i/1'] },
  'GET /admin/users/{id}/rooms': { method: 'admin.userRooms', args: ['i/1', PAGING], input: 1 },
  'GET /admin/users/{id}/sessions': { method: 'admin.userSessions', args: ['i/1', PAGING], input: 1 },
  'GET /admin/users/{id}/files': { method: 'admin.userFiles', args: ['i/1', { sort: 'size', ...PAGING }], input: 1 },
  'POST /admin/users/{id}/ban': { method: 'admin.ban', args: ['i/1', { reason: 'r', until: 'u' }], input: 1 },
  'POST /admin/users/{id}/unban': { method: 'admin.unban', args: ['i/1'] },
  'PUT /admin/users/{id}/role': { method: 'admin.changeRole', args: ['i/1', 'moderator'] },
  'POST /admin/users/{id}/unlock': { method: 'admin.unlock', args: ['i/1'] },
  'POST /admin/users/{id}/password-reset': { method: 'admin.makePasswordResetLink', args: ['i/1'] },
  'DELETE /admin/users/{id}/sessions': { method: 'admin.endSessions', args: ['i/1'] },
  'POST /admin/users/{id}/export': { method: 'admin.startExport', args: ['i/1'] },
  'GET /admin/users/{id}/export': { method: 'admin.export', args: ['i/1'] },
  'DELETE /admin/users/{id}': { method: 'admin.deleteUser', args: ['i/1'] },
  'GET /admin/files': { method: 'admin.files', args: [{ sort: 'size', ...PAGING }], input: 0 },
  'GET /admin/exports': { method: 'admin.exports', args: [PAGING], input: 0 },
  'GET /admin/messages/search': {
    method: 'admin.searchMessages',
    args: [{ q: 'q', reason: 'r', chat_id: 'c', sender_id: 's', from: 'f', to: 't', ...PAGING }],
    input: 0,
  },
  'GET /admin/messages/{id}/delivery': { method: 'admin.delivery', args: ['i/1', { user_id: 'u' }], input: 1 },
  'DELETE /admin/messages/{id}': { method: 'admin.deleteMessage', args: ['i/1'] },
  'GET /admin/rooms': {
    method: 'admin.rooms',
    args: [{ search: 's', kind: 'public', archived: true, sort: 'active', ...PAGING }],
    input: 0,
  },
  'GET /admin/rooms/{id}': { method: 'admin.room', args: ['i/1'] },
  'GET /admin/rooms/{id}/members': { method: 'admin.roomMembers', args: ['i/1', PAGING], input: 1 },
  'PUT /admin/rooms/{id}': {
    method: 'admin.updateRoom',
    args: ['i/1', { name: 'n', topic: 't', visibility: 'public', archived: true, owner_id: 'u' }],
    input: 1,
  },
  'DELETE /admin/rooms/{id}': { method: 'admin.deleteRoom', args: ['i/1'] },
  'GET /admin/audit-log': {
    method: 'admin.auditLog',
    args: [{ ...AUDIT_FILTER, ...PAGING }],
    input: 0,
  },
  'GET /admin/audit-log.csv': { method: 'admin.auditLogCsv', args: [AUDIT_FILTER], input: 0 },
  'GET /admin/reports': {
    method: 'admin.reports',
    args: [{ status: 'open', target_type: 'user', target_id: 't', about_user_id: 'a', reporter_id: 'r', ...PAGING }],
    input: 0,
  },
  'GET /admin/reports/{id}/context': { method: 'admin.reportContext', args: ['i/1'] },
  'POST /admin/reports/{id}/act': {
    method: 'admin.actOnReport',
    args: [
      'i/1',
      { status: 'resolved', note: 'n', delete_target: true, mute: { until: 'u' }, ban: { reason: 'r', until: 'u' } },
    ],
    input: 1,
  },
  'POST /admin/reports/{id}/resolve': { method: 'admin.resolveReport', args: ['i/1', { note: 'n' }], input: 1 },
  'POST /admin/reports/{id}/dismiss': { method: 'admin.dismissReport', args: ['i/1', { note: 'n' }], input: 1 },
  'GET /admin/announcements': { method: 'admin.announcements', args: [PAGING], input: 0 },
  'POST /admin/announcements': { method: 'admin.announce', args: [{ text: 't' }], input: 0 },
  'GET /admin/word-filter': { method: 'admin.wordFilter', args: [] },
  'PUT /admin/word-filter': { method: 'admin.setWordFilter', args: [{ words: [] }], input: 0 },
  'POST /admin/word-filter/try': { method: 'admin.tryWordFilter', args: [{ text: 't' }], input: 0 },
  'POST /admin/keys': {
    method: 'admin.createKey',
    args: [{ name: 'n', scopes: ['users:read'], expires_at: '2030-01-01T00:00:00Z' }],
    input: 0,
  },
  'GET /admin/keys': { method: 'admin.keys', args: [PAGING], input: 0 },
  'DELETE /admin/keys/{id}': { method: 'admin.endKey', args: ['i/1'] },
  'POST /admin/issuers': {
    method: 'admin.createIssuer',
    args: [
      {
        ...{ issuer: 'i', audience: 'a', jwks_url: 'u', public_keys: ['k'], secret: 's', user_claim: 'sub' },
        ...{ create_users: true, claims: { email: 'email' } },
      },
    ],
    input: 0,
  },
  'GET /admin/issuers': { method: 'admin.issuers', args: [PAGING], input: 0 },
  'DELETE /admin/issuers/{id}': { method: 'admin.deleteIssuer', args: ['i/1'] },
  'POST /admin/invites': {
    method: 'admin.createInvite',
    args: [{ max_uses: 1, expires_at: '2030-01-01T00:00:00Z', rooms: ['r'] }],
    input: 0,
  },
  'GET /admin/invites': { method: 'admin.invites', args: [PAGING], input: 0 },
  'DELETE /admin/invites/{id}': { method: 'admin.deleteInvite', args: ['i/1'] },
  'GET /admin/system/health': { method: 'admin.health', args: [] },
};

/** By operation, of `ChatClient` and of `ChatServer`. */
export const CALLS: Record<string, Call> = { ...CLIENT_CALLS, ...SERVER_CALLS };

/**
 * For people and load balancers; what a link leads to; the refresh and the event stream, which the
 * client makes by itself.
 */
export const NO_METHOD = [
  // By others than users of an SDK.
  'POST /hooks/{id}/{secret}',
  'GET /',
  'GET /test-db',
  'GET /docs',
  'GET /docs/assets/{name}',
  'GET /docs/asyncapi.json',
  'GET /docs/openapi.json',
  'GET /docs/realtime',
  // The connection of the SDK uses it where WebSocket is blocked.
  'GET /events',
  'GET /files/exports/{id}',
  'GET /avatars/{user_id}/{hash}',
  'GET /account/reset',
  'GET /account/confirm',
  'GET /account/assets/{name}',
  'GET /console',
  'GET /console/assets/{name}',
  'GET /docs/guide',
  'GET /docs/guide/{page}',
  'GET /docs/guide/assets/{name}',
  'GET /docs/guide/search.json',
  'GET /demo',
  'GET /demo/assets/{name}',
  'GET /sdk',
  'GET /sdk/{name}',
  'POST /users/refresh',
];
