// Why a message did not reach somebody: the answer of the admin API.
import type { User } from './models.ts';

export type DeliveryVerdict =
  | 'own'
  | 'read'
  | 'delivered'
  | 'not_a_member'
  | 'deleted'
  | 'account_closed'
  /** It went to a live connection, which has not confirmed it. */
  | 'connected'
  /** Only after a resume. */
  | 'connected_later'
  | 'not_connected'
  | 'unknown';

export type DeliveryReason =
  | 'message_deleted'
  | 'room_deleted'
  | 'account_banned'
  | 'account_deactivated'
  | 'never_joined'
  | 'joined_later'
  | 'left_before'
  | 'left_later'
  | 'not_connected_then'
  | 'not_connected_since'
  | 'connection_broke_off'
  | 'log_too_old';

/** The way of one message to one user. */
export interface MessageDelivery {
  verdict: DeliveryVerdict;
  reasons: DeliveryReason[];
  message: { id: string; chat_id: string; seq: number; sender_id: string; is_deleted: boolean; created_at: string };
  room: { kind: 'public' | 'private' | 'direct'; deleted: boolean; archived: boolean };
  user: { id: string; status: User['status']; last_seen_at: string | null };
  /** `role` is null for who is no member now; `left_seq`: the event of the leaving. */
  membership: {
    role: 'owner' | 'moderator' | 'member' | null;
    joined_at: string | null;
    left_seq: number | null;
    left_at: string | null;
    muted_until: string | null;
  };
  /** `delivered_seq` is kept for the two furthest users of a room. */
  positions: { read_seq: number | null; delivered_seq: number | null };
  /** Open at the time of the message or later, oldest first, at most 50; kept for 7 days. */
  connections: {
    id: string;
    node: string;
    opened_at: string;
    closed_at: string | null;
    close_code: number | null;
  }[];
}
