// What admins do to webhooks.
import type { Webhook, WebhookEventType, WebhookInput } from '@chatapi/client';
import { ask, type Field, listIn, textIn, timeIn } from './questions.ts';
import { act } from './run-act.ts';
import { client } from './session.ts';
import type { Texts } from './texts.ts';
import { go } from './where.ts';

const EVENTS: WebhookEventType[] = [
  '*',
  'message',
  'message_updated',
  'message_deleted',
  'reaction',
  'member_joined',
  'member_left',
  'room_updated',
  'account.created',
  'account.banned',
  'file.created',
  'report.created',
];

interface Deed {
  texts: Texts;
  hook: Webhook;
  /** After it is done. */
  after(): void;
}

const fieldsOf = (texts: Texts): Field[] => [
  { name: 'url', label: 'URL', hint: texts.webhook.urlHint, isRequired: true },
  { name: 'description', label: texts.columns.description, maxLength: 200 },
  { name: 'events', label: texts.columns.eventTypes, kind: 'checks', options: EVENTS.map((one) => [one, one]) },
  { name: 'rooms', label: texts.nav.rooms, hint: texts.webhook.roomsHint },
  {
    name: 'start',
    label: texts.webhook.start,
    kind: 'select',
    options: [
      ['now', texts.webhook.now],
      ['beginning', texts.webhook.beginning],
    ],
  },
];

export async function createWebhook(texts: Texts): Promise<void> {
  const title = texts.do.newWebhook;
  const answers = await ask({ title, fields: fieldsOf(texts), yes: texts.do.create, needsPassword: true });
  if (answers === undefined) return;
  const rooms = listIn(answers, 'rooms');
  const input: WebhookInput = {
    url: textIn(answers, 'url'),
    description: textIn(answers, 'description') || undefined,
    events: answers.getAll('events') as WebhookEventType[],
    rooms: rooms.length > 0 ? rooms : undefined,
    start: textIn(answers, 'start') as WebhookInput['start'],
  };
  const before = new Set((await client.webhooks.list().catch(() => undefined))?.items.map(({ id }) => id));
  const find = async () =>
    (await client.webhooks.list()).items.find(({ id, url }) => !before.has(id) && url === input.url);
  const made = await act({
    title,
    run: () => client.webhooks.create(input),
    isDone: async () => (await find()) !== undefined,
  });
  if (made)
    await ask({ title, text: texts.webhook.secretText, secret: made.value.secret, yes: texts.close, isNotice: true });
  const hook = made?.value ?? (await find().catch(() => undefined));
  if (hook) go('webhooks', hook.id);
}

const turning = ({ texts, hook, after }: Deed, isPaused: boolean) => ({
  title: (isPaused ? texts.acts.pause : texts.acts.resume)(hook.url),
  run: () => (isPaused ? client.webhooks.pause(hook.id) : client.webhooks.resume(hook.id)),
  isDone: async () => (await client.webhooks.get(hook.id)).status === (isPaused ? 'paused' : 'active'),
  after,
});

export const turn = (deed: Deed, isPaused: boolean): Promise<unknown> =>
  act({ ...turning(deed, isPaused), undo: () => turning(deed, !isPaused) });

export async function test({ texts, hook, after }: Deed): Promise<void> {
  const title = texts.acts.test(hook.url);
  const tried = await act({ title, run: () => client.webhooks.test(hook.id), after });
  if (tried === undefined) return;
  const { status, duration_ms, error } = tried.value;
  const text = texts.webhook.tested(String(status ?? error ?? '–'), Math.round(duration_ms));
  await ask({ title, text: error ? `${text} ${error}` : text, yes: texts.close, isNotice: true });
}

export async function rotate({ texts, hook }: Deed): Promise<void> {
  const title = texts.acts.rotate(hook.url);
  const sure = await ask({ title, text: texts.webhook.rotateText, yes: texts.do.rotate, needsPassword: true });
  if (sure === undefined) return;
  const made = await act({ title, run: () => client.webhooks.rotateSecret(hook.id) });
  if (made)
    await ask({ title, text: texts.webhook.secretText, secret: made.value.secret, yes: texts.close, isNotice: true });
}

export async function replay({ texts, hook, after }: Deed): Promise<void> {
  const title = texts.acts.replay(hook.url);
  const { webhook } = texts;
  const answers = await ask({
    title,
    text: webhook.replayText,
    fields: [
      { name: 'since', label: webhook.since, kind: 'time', hint: webhook.sinceHint },
      { name: 'chat_id', label: texts.columns.room },
      { name: 'from_seq', label: webhook.fromSeq, kind: 'number' },
    ],
    yes: texts.do.replay,
  });
  if (answers === undefined) return;
  const since = timeIn(answers, 'since');
  const from = { chat_id: textIn(answers, 'chat_id'), from_seq: Number(textIn(answers, 'from_seq')) };
  await act({ title, run: () => client.webhooks.replay(hook.id, since === undefined ? from : { since }), after });
}

export async function removeWebhook({ texts, hook }: Deed): Promise<void> {
  const title = texts.acts.deleteWebhook(hook.url);
  const text = texts.webhook.deleteText;
  const sure = await ask({ title, text, yes: texts.do.delete, isDanger: true, needsPassword: true });
  if (sure === undefined) return;
  await act({
    title,
    run: () => client.webhooks.delete(hook.id),
    isDone: async () => !(await client.webhooks.list()).items.some(({ id }) => id === hook.id),
    after: () => go('webhooks'),
  });
}
