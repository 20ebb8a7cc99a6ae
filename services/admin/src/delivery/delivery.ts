// "Why did Bob not get it?": the way of one message to one user, with a plain verdict. Questions
// are on record, since the answer tells who talks to whom and when somebody was connected.
import type { RequestContext } from '@chatapi/kit';
import { withAudit } from '../audit.ts';
import { CONNECTIONS_KEPT_DAYS, connectionsSince, type ShownConnection } from '../connections/connection-log-store.ts';
import type { Context } from '../context.ts';
import type { AuthAccount } from '../user-view.ts';
import { type Judgement, judge, type Known } from './verdict.ts';

type MemberRole = 'owner' | 'moderator' | 'member';

/** As the message service tells them. */
interface Facts {
  id: string;
  chat_id: string;
  seq: number;
  sender_id: string;
  is_deleted: boolean;
  created_at: string;
  kind: 'public' | 'private' | 'direct';
  room_deleted: boolean;
  room_archived: boolean;
  role: MemberRole | null;
  joined_at: string | null;
  read_seq: number | null;
  muted_until: string | null;
  left_seq: number | null;
  left_at: string | null;
  delivered_seq: number | null;
}

export interface MessageDelivery extends Judgement {
  message: Pick<Facts, 'id' | 'chat_id' | 'seq' | 'sender_id' | 'is_deleted' | 'created_at'>;
  room: Pick<Facts, 'kind'> & { deleted: boolean; archived: boolean };
  user: { id: string; status: AuthAccount['status']; last_seen_at: string | null };
  membership: Pick<Facts, 'role' | 'joined_at' | 'left_seq' | 'left_at' | 'muted_until'>;
  positions: Pick<Facts, 'read_seq' | 'delivered_seq'>;
  connections: ShownConnection[];
}

const GENERAL = 'general';

function knownOf(facts: Facts, account: AuthAccount, connections: ShownConnection[]): Known {
  const isGeneral = facts.chat_id === GENERAL;
  const since = isGeneral ? account.created_at : facts.joined_at;
  return {
    isSender: facts.sender_id === account.user_id,
    message: { seq: facts.seq, at: Date.parse(facts.created_at), isDeleted: facts.is_deleted },
    isRoomDeleted: facts.room_deleted,
    member: since === null ? null : { since: Date.parse(since), readSeq: facts.read_seq ?? 0 },
    left: facts.left_seq === null ? null : { seq: facts.left_seq },
    deliveredSeq: facts.delivered_seq,
    account: account.status,
    connections: connections.map(({ opened_at, closed_at }) => ({
      openedAt: opened_at.getTime(),
      closedAt: closed_at?.getTime() ?? null,
    })),
    loggedSince: Date.now() - CONNECTIONS_KEPT_DAYS * 24 * 3600 * 1000,
  };
}

async function readDelivery(
  ctx: Context,
  messageId: string,
  userId: string,
  request_id: string,
): Promise<MessageDelivery> {
  const [id, user] = [encodeURIComponent(messageId), encodeURIComponent(userId)];
  const [facts, account] = await Promise.all([
    ctx.message.call<Facts>('GET', `/internal/messages/${id}/delivery/${user}`, { request_id }),
    ctx.auth.call<AuthAccount>('GET', `/internal/accounts/${user}`, { request_id }),
  ]);
  const { chat_id, seq, sender_id, is_deleted, created_at, kind } = facts;
  const connections = await connectionsSince(ctx.db, userId, created_at);
  const { role, joined_at, left_seq, left_at, muted_until, read_seq, delivered_seq } = facts;
  return {
    ...judge(knownOf(facts, account, connections)),
    message: { id: facts.id, chat_id, seq, sender_id, is_deleted, created_at },
    room: { kind, deleted: facts.room_deleted, archived: facts.room_archived },
    user: { id: userId, status: account.status, last_seen_at: account.last_seen_at ?? null },
    membership: { role, joined_at, left_seq, left_at, muted_until },
    positions: { read_seq, delivered_seq },
    connections,
  };
}

/** @throws RESOURCE_NOT_FOUND for an unknown message or user. */
export async function showDelivery(
  ctx: Context,
  call: RequestContext<{ id: string }, { user_id: string }>,
): Promise<MessageDelivery> {
  const { params, query, request_id } = call;
  const act = { action: 'message.delivery', target_id: params.id, details: { about_user_id: query.user_id } };
  return await withAudit(ctx, call, act, () => readDelivery(ctx, params.id, query.user_id, request_id));
}
