// Every event of the security log. The names are also the values of the label `event` of
// `chatapi_security_events_total`. docs/security-log.md explains them; a test compares.
export type SecurityOutcome = 'done' | 'refused' | 'unknown';

export const SECURITY_EVENTS = {
  'login.succeeded': 'done',
  'login.failed': 'refused',
  'login.limited': 'refused',
  'login.locked_out': 'refused',
  'account.registered': 'done',
  'account.locked': 'done',
  'account.unlocked': 'done',
  'account.banned': 'done',
  'account.unbanned': 'done',
  'account.deactivated': 'done',
  'account.activated': 'done',
  'account.role_changed': 'done',
  'account.erased': 'done',
  'password.changed': 'done',
  'password.check_failed': 'refused',
  'session.minted': 'done',
  'session.ended': 'done',
  'sessions.ended': 'done',
  'refresh.theft': 'refused',
  'token.exchanged': 'done',
  'token.exchange_refused': 'refused',
  'token.forged': 'refused',
  'token.revoked': 'refused',
  'upgrade.refused': 'refused',
  'limit.reached': 'refused',
  'rights.refused': 'refused',
  'identity.refused': 'refused',
  'signal.refused': 'refused',
  'fact.refused': 'refused',
  'file.read_by_staff': 'done',
  'file.deleted_by_staff': 'done',
  'staff.acted': 'done',
} as const satisfies Record<string, SecurityOutcome>;

export type SecurityEvent = keyof typeof SECURITY_EVENTS;
