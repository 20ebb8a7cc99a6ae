// The same for the operations that only backends call: methods of `ChatServer`.
import type { ChatServer } from '@chatapi/client/server';

export type MethodOf<C, Part extends keyof C & string> = {
  [P in Part]: `${P}.${Extract<keyof C[P], string>}`;
}[Part];
export type ServerMethod = MethodOf<ChatServer, 'users' | 'bots' | 'moderation' | 'webhooks' | 'hooks'> | 'stats';

interface ServerCall {
  method: ServerMethod;
  args: unknown[];
  input?: number;
  by: 'server';
}

export const PAGING = { limit: 1, skip: 2, cursor: 'c' };

const by = 'server';
const USER = { username: 'u', display_name: 'd', bio: 'b', avatar_url: 'a', email: 'e', custom: { c: 1 } };

export const SERVER_CALLS: Record<string, ServerCall> = {
  'POST /app/users/batch': { by, method: 'users.batch', args: [[{ external_id: 'e', ...USER }]] },
  'PUT /app/users/{external_id}': { by, method: 'users.put', args: ['e/1', USER], input: 1 },
  'GET /app/users/{external_id}': { by, method: 'users.get', args: ['e/1'] },
  'DELETE /app/users/{external_id}': { by, method: 'users.delete', args: ['e/1'] },
  'POST /app/users/{external_id}/deactivate': { by, method: 'users.deactivate', args: ['e/1'] },
  'POST /app/users/{external_id}/activate': { by, method: 'users.activate', args: ['e/1'] },
  'POST /app/users/{external_id}/tokens': {
    by,
    method: 'users.createToken',
    args: ['e/1', { expires_in: 60, session_name: 's' }],
    input: 1,
  },
  'POST /bots': {
    by,
    method: 'bots.create',
    args: [{ username: 'u', display_name: 'd', avatar_url: 'a', description: 'd' }],
    input: 0,
  },
  'GET /bots': { by, method: 'bots.list', args: [PAGING], input: 0 },
  'PUT /bots/{id}': {
    by,
    method: 'bots.update',
    args: ['i/1', { username: 'u', display_name: 'd', avatar_url: 'a', description: 'd' }],
    input: 1,
  },
  'DELETE /bots/{id}': { by, method: 'bots.delete', args: ['i/1'] },
  'POST /bots/{id}/tokens': {
    by,
    method: 'bots.createToken',
    args: ['i/1', { name: 'n', scopes: ['act_as'], rooms: ['r'], expires_at: 'e' }],
    input: 1,
  },
  'GET /bots/{id}/tokens': { by, method: 'bots.tokens', args: ['i/1', PAGING], input: 1 },
  'POST /admin/webhooks': {
    by,
    method: 'webhooks.create',
    args: [{ url: 'u', description: 'd', events: ['message'], rooms: ['r'], start: 'now' }],
    input: 0,
  },
  'GET /admin/webhooks': { by, method: 'webhooks.list', args: [PAGING], input: 0 },
  'GET /admin/webhooks/{id}': { by, method: 'webhooks.get', args: ['i/1'] },
  'PUT /admin/webhooks/{id}': {
    by,
    method: 'webhooks.update',
    args: ['i/1', { url: 'u', description: 'd', events: ['message'], rooms: ['r'] }],
    input: 1,
  },
  'DELETE /admin/webhooks/{id}': { by, method: 'webhooks.delete', args: ['i/1'] },
  'POST /admin/webhooks/{id}/rotate-secret': { by, method: 'webhooks.rotateSecret', args: ['i/1'] },
  'POST /admin/webhooks/{id}/pause': { by, method: 'webhooks.pause', args: ['i/1'] },
  'POST /admin/webhooks/{id}/resume': { by, method: 'webhooks.resume', args: ['i/1'] },
  'POST /admin/webhooks/{id}/test': { by, method: 'webhooks.test', args: ['i/1'] },
  'GET /admin/webhooks/{id}/deliveries': {
    by,
    method: 'webhooks.deliveries',
    args: ['i/1', { status: 'failed', ...PAGING }],
    input: 1,
  },
  'POST /admin/webhooks/{id}/replay': {
    by,
    method: 'webhooks.replay',
    args: ['i/1', { chat_id: 'c', from_seq: 1, since: 's' }],
  },
  'PUT /admin/hooks/before-message': {
    by,
    method: 'hooks.putBeforeMessage',
    args: [{ url: 'u', timeout_ms: 100, on_failure: 'accept', rooms: ['r'] }],
    input: 0,
  },
  'GET /admin/hooks/before-message': { by, method: 'hooks.beforeMessage', args: [] },
  'DELETE /admin/hooks/before-message': { by, method: 'hooks.deleteBeforeMessage', args: [] },
  'DELETE /bots/{id}/tokens/{token_id}': { by, method: 'bots.endToken', args: ['i/1', 't/1'] },
};
