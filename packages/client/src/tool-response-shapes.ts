// What the calls about bots, webhooks and hooks must be answered with; see `response-shapes.ts`.
import type { ResponseShapes } from './response-shapes.ts';

const ITEM = { id: 'string' } as const;
const HOOK = { url: 'string', on_failure: 'string' } as const;

export const TOOL_RESPONSE_SHAPES: ResponseShapes = {
  'POST /bots': ITEM,
  'GET /bots': { bots: [ITEM] },
  'PUT /bots/{}': ITEM,
  'POST /bots/{}/tokens': { ...ITEM, token: 'string' },
  'GET /bots/{}/tokens': { tokens: [ITEM] },
  'POST /admin/webhooks': { ...ITEM, secret: 'string' },
  'GET /admin/webhooks': { webhooks: [ITEM] },
  'GET /admin/webhooks/{}': ITEM,
  'PUT /admin/webhooks/{}': ITEM,
  'POST /admin/webhooks/{}/rotate-secret': { secret: 'string' },
  'POST /admin/webhooks/{}/pause': ITEM,
  'POST /admin/webhooks/{}/resume': ITEM,
  'POST /admin/webhooks/{}/test': { duration_ms: 'number' },
  'GET /admin/webhooks/{}/deliveries': { deliveries: [ITEM] },
  'PUT /admin/hooks/before-message': HOOK,
  'GET /admin/hooks/before-message': HOOK,
};
