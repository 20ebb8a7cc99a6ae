// What the server answers about webhooks, with the wire's own keys.

/** `*`: all, also those of later versions. The first seven are the frames of a room's log. */
export type WebhookEventType =
  | 'message'
  | 'message_updated'
  | 'message_deleted'
  | 'reaction'
  | 'member_joined'
  | 'member_left'
  | 'room_updated'
  | 'account.created'
  | 'account.banned'
  | 'file.created'
  | 'report.created'
  | '*';

export interface WebhookFailure {
  at: string;
  type: string;
  chat_id: string | null;
  seq: number | null;
  /** HTTP status of the answer; null: there was none. */
  status: number | null;
  error: string | null;
}

export interface Webhook {
  id: string;
  url: string;
  description: string;
  events: WebhookEventType[];
  /** null: all. */
  rooms: string[] | null;
  /** `paused`: by hand, or after 3 days of failures. `disabled`: the receiver answered 410. */
  status: 'active' | 'paused' | 'disabled';
  paused_reason: string | null;
  /** Events of any type that it has not got, and for how long the oldest has waited. */
  lag: { events: number; seconds: number };
  deliveries: { delivered: number; failed: number };
  last_success_at: string | null;
  last_failure: WebhookFailure | null;
  created_by: string;
  created_at: string;
  updated_at: string;
}

/** `secret` verifies deliveries; it is only in this answer. */
export interface NewWebhook extends Webhook {
  secret: string;
}

export interface WebhookPatch {
  url?: string;
  description?: string;
  events?: WebhookEventType[];
  rooms?: string[] | null;
}

export interface WebhookInput {
  url: string;
  events: WebhookEventType[];
  description?: string;
  /** Default: all. */
  rooms?: string[];
  /** `beginning`: all that the log still has. Default `now`. */
  start?: 'now' | 'beginning';
}

export type DeliveryStatus = 'delivered' | 'failed' | 'pending';

/** One request to the receiver. */
export interface Delivery {
  id: string;
  /** The header `webhook-id`. */
  event_id: string;
  type: string;
  chat_id: string | null;
  seq: number | null;
  /** From 1. */
  attempt: number;
  /** `pending`: it failed and will be tried again. */
  status: DeliveryStatus;
  http_status: number | null;
  duration_ms: number;
  response_body: string | null;
  error: string | null;
  created_at: string;
}

export interface WebhookTest {
  status: number | null;
  duration_ms: number;
  error: string | null;
}

/** Its `bot_id` is the sender of what is posted to it. */
export interface IncomingWebhook {
  id: string;
  chat_id: string;
  name: string;
  bot_id: string;
  created_by: string;
  created_at: string;
}

/** `url`: a path of the server, which contains the secret; it is only in this answer. */
export interface NewIncomingWebhook extends IncomingWebhook {
  url: string;
}

export interface BeforeMessageInput {
  /** http or https, globally reachable. */
  url: string;
  /** 50–1000; default 500. */
  timeout_ms?: number;
  /** What becomes of messages while it does not answer. */
  on_failure: 'accept' | 'reject';
  /** Default and null: all. */
  rooms?: string[] | null;
}

export interface BeforeMessageHook {
  url: string;
  timeout_ms: number;
  on_failure: 'accept' | 'reject';
  rooms: string[] | null;
  created_by: string;
  created_at: string;
  updated_at: string;
  /** Verifies requests; only when the hook is new. */
  secret?: string;
}

/** What a receiver gets. `data`: the frame with `epoch`, or the public fields of a fact. */
export interface WebhookPayload {
  /** An event type, `gap` (the log no longer has some events), or `test`. */
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}
