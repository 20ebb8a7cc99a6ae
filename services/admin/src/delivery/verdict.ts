// Why a message did not reach somebody, from what is known. Pure, so that every case has a test.

export const VERDICTS = [
  'own',
  'read',
  'delivered',
  'not_a_member',
  'deleted',
  'account_closed',
  'connected',
  'connected_later',
  'not_connected',
  'unknown',
] as const;
type Verdict = (typeof VERDICTS)[number];

export const REASONS = [
  'message_deleted',
  'room_deleted',
  'account_banned',
  'account_deactivated',
  'never_joined',
  'joined_later',
  'left_before',
  'left_later',
  'not_connected_then',
  'not_connected_since',
  'connection_broke_off',
  'log_too_old',
] as const;
export type Reason = (typeof REASONS)[number];

export interface Known {
  isSender: boolean;
  message: { seq: number; at: number; isDeleted: boolean };
  isRoomDeleted: boolean;
  /** `general`: everybody is in it from the account's creation on. */
  member: { since: number; readSeq: number } | null;
  left: { seq: number } | null;
  /** null: not kept. */
  deliveredSeq: number | null;
  account: 'active' | 'banned' | 'deactivated';
  /** Those open at the time of the message or later, oldest first. */
  connections: { openedAt: number; closedAt: number | null }[];
  /** The oldest time of which connections are known. */
  loggedSince: number;
}

export interface Judgement {
  verdict: Verdict;
  reasons: Reason[];
}

/** A connection that ends so soon after the message may not have taken it. */
const BROKE_OFF_MS = 60_000;

/** Between a client's clock and that of the database, which dates messages. */
const SKEW_MS = 1000;

function membershipReasons({ message, member, left }: Known): Reason[] {
  if (member !== null) return member.since > message.at + SKEW_MS ? ['joined_later'] : [];
  if (left === null) return ['never_joined'];
  return [left.seq < message.seq ? 'left_before' : 'left_later'];
}

function connectionReasons({ message, connections, loggedSince }: Known): Reason[] {
  const then = connections.filter(({ openedAt }) => openedAt <= message.at);
  const reasons: Reason[] = [];
  if (message.at < loggedSince) reasons.push('log_too_old');
  else if (then.length === 0) reasons.push('not_connected_then');
  if (connections.length === 0) reasons.push('not_connected_since');
  if (then.length > 0 && then.every(({ closedAt }) => closedAt !== null && closedAt < message.at + BROKE_OFF_MS))
    reasons.push('connection_broke_off');
  return reasons;
}

function reasonsOf(known: Known): Reason[] {
  return [
    ...(known.message.isDeleted ? (['message_deleted'] as const) : []),
    ...(known.isRoomDeleted ? (['room_deleted'] as const) : []),
    ...(known.account === 'banned' ? (['account_banned'] as const) : []),
    ...(known.account === 'deactivated' ? (['account_deactivated'] as const) : []),
    ...membershipReasons(known),
    ...connectionReasons(known),
  ];
}

const OUTSIDE: Reason[] = ['never_joined', 'joined_later', 'left_before'];

function verdictOf(known: Known, reasons: Reason[]): Verdict {
  const { message, member, deliveredSeq, account, connections } = known;
  if (known.isSender) return 'own';
  if (member !== null && member.readSeq >= message.seq) return 'read';
  if (deliveredSeq !== null && deliveredSeq >= message.seq) return 'delivered';
  if (reasons.some((reason) => OUTSIDE.includes(reason))) return 'not_a_member';
  if (message.isDeleted || known.isRoomDeleted) return 'deleted';
  if (account !== 'active') return 'account_closed';
  if (connections.some(({ openedAt }) => openedAt <= message.at)) return 'connected';
  if (connections.length > 0) return 'connected_later';
  return reasons.includes('log_too_old') ? 'unknown' : 'not_connected';
}

export function judge(known: Known): Judgement {
  const reasons = reasonsOf(known);
  return { verdict: verdictOf(known, reasons), reasons };
}
