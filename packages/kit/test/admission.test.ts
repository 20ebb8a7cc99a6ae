import { expect } from 'chai';
import { SCOPES, type Scope } from '../src/auth/scopes.ts';
import type { Caller, Identity } from '../src/auth/signed-identity.ts';
import { AppError } from '../src/errors.ts';
import { type Guarded, requireAllowed } from '../src/route-access.ts';

const ip = '192.0.2.1';
const person = (role: Caller['role']): Caller => ({ kind: 'user', user_id: 'usr_1', session_id: 'ses_1', role, ip });
const key = (...scopes: Scope[]): Caller => ({
  kind: 'key',
  user_id: 'key_1',
  session_id: 'key_1',
  role: 'user',
  scopes,
  ip,
});
const acted = (...scopes: Scope[]): Caller => ({ ...person('moderator'), scopes, key_id: 'key_1' });
const bot = (...scopes: Scope[]): Caller => ({ ...person('user'), kind: 'bot', scopes });
const anonymous: Identity = { kind: 'anonymous', ip };
const service: Identity = { kind: 'service', service: 'admin' };

const on = (who: Guarded['who'], more: Partial<Guarded> = {}): Guarded => ({ method: 'get', path: '/x', who, ...more });

function outcome(guarded: Guarded, identity: Identity): string {
  try {
    requireAllowed(guarded, identity);
    return 'allowed';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code === 'AUTHENTICATION_ERROR' ? '401' : `403 ${error.details.reason ?? ''}`.trim();
  }
}

describe('who may call a route', () => {
  const read = { scope: 'users:read' } as const;
  const all = SCOPES as readonly Scope[];

  const table: [string, Guarded, Identity, string][] = [
    ['anyone: nobody', on('anyone'), anonymous, 'allowed'],
    ['anyone: a key without scopes, on a route without one', on('anyone'), key(), 'allowed'],
    ['anyone: a key without the scope', on('anyone', read), key(), '403 scope'],
    ['anyone: a key with it', on('anyone', read), key('users:read'), 'allowed'],
    ['user: nobody', on('user', read), anonymous, '401'],
    ['user: a service', on('user', read), service, '401'],
    ['user: a person, who needs no scope', on('user', read), person('user'), 'allowed'],
    ['user: a key alone', on('user', read), key('users:read'), '403 act_as_required'],
    ['user: a key alone where it may', on('user', { ...read, keyAlone: true }), key('users:read'), 'allowed'],
    ['user: a key alone, without the scope', on('user', { ...read, keyAlone: true }), key('act_as'), '403 scope'],
    ['user: a key as a person', on('user', read), acted('users:read'), 'allowed'],
    ['user: a key as a person, without the scope', on('user', read), acted('act_as'), '403 scope'],
    ['user: a bot', on('user', read), bot('users:read'), 'allowed'],
    ['user: a bot without the scope', on('user', read), bot('users:write'), '403 scope'],
    ['user: no scope opens it', on('user', { scope: 'none' }), acted(...all), '403 scope'],
    ['user: without a declared scope', on('user'), bot(...all), '403 scope'],
    ['moderator: a user', on('moderator', read), person('user'), '403'],
    ['moderator: an admin', on('moderator', read), person('admin'), 'allowed'],
    ['admin: a moderator', on('admin', read), person('moderator'), '403'],
    ['admin: a key with the scope', on('admin', read), key('users:read'), 'allowed'],
    ['admin: a key without it', on('admin', read), key('act_as'), '403 scope'],
    ['moderator: a key as a moderator', on('moderator', read), acted('users:read'), '403 act_as'],
    ['admin: a bot', on('admin', read), bot('users:read'), '403'],
    ['application: a key', on('application', read), key('users:read'), 'allowed'],
    ['application: an admin', on('application', read), person('admin'), '403'],
    ['application: a key as a person', on('application', read), acted('users:read'), '403 act_as'],
    ['internal: a service that is named', on(['admin']), service, 'allowed'],
    ['internal: another', on(['auth']), service, '403'],
    ['internal: a key', on(['admin']), key(...all), '403'],
  ];
  for (const [what, guarded, identity, expected] of table)
    it(`${what}: ${expected}`, () => expect(outcome(guarded, identity)).to.equal(expected));
});
