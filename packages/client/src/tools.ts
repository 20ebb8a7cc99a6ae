// Logs of rooms, administration, bots, webhooks and hooks: loaded together when one of them is used
// first.
import { AdminApi } from './admin.ts';
import { ADMIN_RESPONSE_SHAPES } from './admin-response-shapes.ts';
import { BotsApi } from './bots.ts';
import { HooksApi } from './hooks.ts';
import { INCOMING_RESPONSE_SHAPES, IncomingWebhooksApi } from './incoming-webhooks.ts';
import type { Rest } from './rest.ts';
import { EventsApi } from './room-events.ts';
import { TOOL_RESPONSE_SHAPES } from './tool-response-shapes.ts';
import { WebhooksApi } from './webhooks.ts';

export interface Tools {
  events: EventsApi;
  admin: AdminApi;
  bots: BotsApi;
  webhooks: WebhooksApi;
  incomingWebhooks: IncomingWebhooksApi;
  hooks: HooksApi;
}

export function openTools(rest: Rest): Tools {
  rest.expect({ ...ADMIN_RESPONSE_SHAPES, ...TOOL_RESPONSE_SHAPES, ...INCOMING_RESPONSE_SHAPES });
  return {
    events: new EventsApi(rest),
    admin: new AdminApi(rest),
    bots: new BotsApi(rest),
    webhooks: new WebhooksApi(rest),
    incomingWebhooks: new IncomingWebhooksApi(rest),
    hooks: new HooksApi(rest),
  };
}
