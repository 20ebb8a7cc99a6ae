import type { BotToken, Scope } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { useTexts } from '../language.tsx';
import { List } from '../list.tsx';
import { nameOf } from '../names.ts';
import { Button, Head, Section, Time } from '../parts.tsx';
import { ask, listIn, textIn, timeIn } from '../questions.ts';
import { act } from '../run-act.ts';
import { client } from '../session.ts';
import type { Texts } from '../texts.ts';
import { useVersion } from '../version.ts';
import { go } from '../where.ts';
import { SCOPES, Scopes } from './keys.tsx';

async function createToken(texts: Texts, botId: string, after: () => void): Promise<void> {
  const title = texts.do.newToken;
  const answers = await ask({
    title,
    fields: [
      { name: 'name', label: texts.columns.name, isRequired: true, maxLength: 64 },
      { name: 'scopes', label: texts.columns.scopes, kind: 'checks', options: SCOPES.map((one) => [one, one]) },
      { name: 'rooms', label: texts.nav.rooms, hint: texts.tokenRoomsHint },
      { name: 'expires', label: texts.expires, kind: 'time', hint: texts.expiresHint },
    ],
    yes: texts.do.create,
    needsPassword: true,
  });
  if (answers === undefined) return;
  const [name, rooms] = [textIn(answers, 'name'), listIn(answers, 'rooms')];
  const before = new Set((await client.bots.tokens(botId).catch(() => undefined))?.items.map(({ id }) => id));
  const made = await act({
    title,
    run: () =>
      client.bots.createToken(botId, {
        name,
        scopes: answers.getAll('scopes') as Scope[],
        rooms: rooms.length > 0 ? rooms : undefined,
        expires_at: timeIn(answers, 'expires'),
      }),
    isDone: async () => (await client.bots.tokens(botId)).items.some((one) => !before.has(one.id) && one.name === name),
    after,
  });
  if (made) await ask({ title, text: texts.secretText, secret: made.value.token, yes: texts.close, isNotice: true });
}

async function endToken(texts: Texts, botId: string, { id, name }: BotToken, after: () => void): Promise<void> {
  const title = texts.acts.endKey(name);
  const sure = await ask({ title, text: texts.endKeyText, yes: texts.do.end, isDanger: true, needsPassword: true });
  if (sure === undefined) return;
  await act({
    title,
    run: () => client.bots.endToken(botId, id),
    isDone: async () => !(await client.bots.tokens(botId)).items.some((one) => one.id === id),
    after,
  });
}

async function remove(texts: Texts, botId: string, name: string): Promise<void> {
  const title = texts.acts.deleteBot(name);
  const sure = await ask({ title, text: texts.eraseText, yes: texts.do.delete, isDanger: true, needsPassword: true });
  if (sure === undefined) return;
  await act({
    title,
    run: () => client.bots.delete(botId),
    isDone: async () => (await client.users.many([botId])).length === 0,
    after: () => go('bots'),
  });
}

export function BotPage({ id }: { id: string }): JSX.Element {
  const texts = useTexts();
  const [version, raise] = useVersion();
  const name = useStore(nameOf(id));
  const { columns } = texts;
  const title = name?.display_name ?? id;
  return (
    <>
      <Head title={title} lead={name && `@${name.username}`}>
        <Button
          kind="primary"
          icon="plus"
          label={texts.do.newToken}
          onClick={() => void createToken(texts, id, raise)}
        />
        <Button kind="danger" label={texts.do.delete} onClick={() => void remove(texts, id, title)} />
      </Head>
      <Section title={texts.tokens}>
        <List<BotToken>
          label={texts.tokens}
          empty={texts.empty.tokens}
          version={version}
          keyOf={(one) => one.id}
          read={(query) => client.bots.tokens(id, query)}
          columns={[
            { title: columns.name, isMain: true, cell: (one) => <strong>{one.name}</strong> },
            { title: columns.scopes, cell: ({ scopes }) => <Scopes scopes={scopes} /> },
            { title: texts.nav.rooms, cell: ({ rooms }) => rooms?.join(', ') ?? texts.all },
            { title: columns.lastUsed, cell: ({ last_used_at }) => <Time at={last_used_at} /> },
            { title: columns.expires, cell: ({ expires_at }) => <Time at={expires_at} /> },
            {
              title: columns.acts,
              cell: (one) => (
                <Button kind="danger" label={texts.do.end} onClick={() => void endToken(texts, id, one, raise)} />
              ),
            },
          ]}
        />
      </Section>
    </>
  );
}
