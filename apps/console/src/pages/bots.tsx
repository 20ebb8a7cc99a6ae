import type { Bot } from '@chatapi/client';
import type { JSX } from 'preact';
import { useTexts } from '../language.tsx';
import { List } from '../list.tsx';
import { Button, Head, Status, Time, UserLink } from '../parts.tsx';
import { ask, textIn } from '../questions.ts';
import { act } from '../run-act.ts';
import { client } from '../session.ts';
import type { Texts } from '../texts.ts';
import { useVersion } from '../version.ts';
import { go, linkTo } from '../where.ts';

async function create(texts: Texts): Promise<void> {
  const title = texts.do.newBot;
  const answers = await ask({
    title,
    fields: [
      { name: 'username', label: texts.columns.username, hint: texts.usernameHint, isRequired: true, maxLength: 32 },
      { name: 'display_name', label: texts.columns.name, maxLength: 64 },
      { name: 'description', label: texts.columns.description, kind: 'area', maxLength: 500 },
    ],
    yes: texts.do.create,
  });
  if (answers === undefined) return;
  const username = textIn(answers, 'username');
  const [display_name, description] = ['display_name', 'description'].map((one) => textIn(answers, one) || undefined);
  const find = async () => (await client.bots.list({ limit: 100 })).items.find((bot) => bot.username === username);
  const made = await act({
    title,
    run: () => client.bots.create({ username, display_name, description }),
    isDone: async () => (await find()) !== undefined,
  });
  const bot = made?.value ?? (await find().catch(() => undefined));
  if (bot) go('bots', bot.id);
}

export function BotsPage(): JSX.Element {
  const texts = useTexts();
  const [version] = useVersion();
  const { columns } = texts;
  return (
    <>
      <Head title={texts.nav.bots} lead={texts.leads.bots}>
        <Button kind="primary" icon="plus" label={texts.do.newBot} onClick={() => void create(texts)} />
      </Head>
      <List<Bot>
        label={texts.nav.bots}
        empty={texts.empty.bots}
        version={version}
        keyOf={({ id }) => id}
        read={(query) => client.bots.list(query)}
        columns={[
          {
            title: columns.name,
            isMain: true,
            cell: ({ id, display_name, username }) => (
              <a class="who-link" href={linkTo('bots', id)}>
                <strong>{display_name}</strong> <span class="quiet">@{username}</span>
              </a>
            ),
          },
          { title: columns.status, cell: ({ status }) => <Status word={status} /> },
          { title: columns.owner, cell: ({ owner_id }) => (owner_id ? <UserLink id={owner_id} /> : texts.none) },
          { title: columns.created, cell: ({ created_at }) => <Time at={created_at} /> },
        ]}
      />
    </>
  );
}
