// Bots and webhooks of a person, loaded together.
import { BotsApi } from './bots.ts';
import type { Rest } from './rest.ts';
import { WebhooksApi } from './webhooks.ts';

export { TOOL_ANSWERS } from './tool-answers.ts';

export const openTools = (rest: Rest): { bots: BotsApi; webhooks: WebhooksApi } => ({
  bots: new BotsApi(rest),
  webhooks: new WebhooksApi(rest),
});
