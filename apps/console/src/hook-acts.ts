// What admins do to the hook before messages. There is one, or none.
import { type BeforeMessageHook, type BeforeMessageInput, ChatApiError } from '@chatapi/client';
import { ask, type Field, listIn, textIn } from './questions.ts';
import { act } from './run-act.ts';
import { client } from './session.ts';
import type { Texts } from './texts.ts';

interface Deed {
  texts: Texts;
  hook: BeforeMessageHook | null;
  /** After it is done. */
  after(): void;
}

/** null: there is none. */
export const readHook = (): Promise<BeforeMessageHook | null> =>
  client.hooks.beforeMessage().catch((error: unknown) => {
    if (error instanceof ChatApiError && error.code === 'RESOURCE_NOT_FOUND') return null;
    throw error;
  });

const DEFAULT_TIMEOUT_MS = 500;

const fieldsOf = ({ texts, hook }: Deed): Field[] => [
  { name: 'url', label: 'URL', hint: texts.webhook.urlHint, value: hook?.url, isRequired: true },
  {
    name: 'timeout_ms',
    label: texts.hook.timeout,
    kind: 'number',
    hint: texts.hook.timeoutHint,
    value: String(hook?.timeout_ms ?? DEFAULT_TIMEOUT_MS),
    isRequired: true,
  },
  {
    name: 'on_failure',
    label: texts.hook.onFailure,
    kind: 'select',
    value: hook?.on_failure,
    options: [
      ['accept', texts.hook.accepts],
      ['reject', texts.hook.rejects],
    ],
  },
  { name: 'rooms', label: texts.nav.rooms, hint: texts.webhook.roomsHint, value: hook?.rooms?.join(', ') },
];

const isSame = (hook: BeforeMessageHook | null, { url, timeout_ms, on_failure, rooms }: BeforeMessageInput): boolean =>
  hook?.url === url &&
  hook.timeout_ms === timeout_ms &&
  hook.on_failure === on_failure &&
  JSON.stringify(hook.rooms) === JSON.stringify(rooms);

export async function putHook(deed: Deed): Promise<void> {
  const { texts, hook, after } = deed;
  const title = texts.acts.setHook;
  const yes = hook === null ? texts.do.setHook : texts.do.save;
  const answers = await ask({ title, text: texts.hook.text, fields: fieldsOf(deed), yes, needsPassword: true });
  if (answers === undefined) return;
  const rooms = listIn(answers, 'rooms');
  const input: BeforeMessageInput = {
    url: textIn(answers, 'url'),
    timeout_ms: Number(textIn(answers, 'timeout_ms')),
    on_failure: textIn(answers, 'on_failure') as BeforeMessageInput['on_failure'],
    rooms: rooms.length > 0 ? rooms : null,
  };
  const made = await act({
    title,
    run: () => client.hooks.putBeforeMessage(input),
    isDone: async () => isSame(await readHook(), input),
    after,
  });
  const secret = made?.value.secret;
  if (secret !== undefined) await ask({ title, text: texts.hook.secretText, secret, yes: texts.close, isNotice: true });
}

export async function removeHook({ texts, after }: Deed): Promise<void> {
  const title = texts.acts.deleteHook;
  const text = texts.hook.deleteText;
  const sure = await ask({ title, text, yes: texts.do.delete, isDanger: true, needsPassword: true });
  if (sure === undefined) return;
  await act({
    title,
    run: () => client.hooks.deleteBeforeMessage(),
    isDone: async () => (await readHook()) === null,
    after,
  });
}
