import type { Announcement } from '@chatapi/client';
import type { JSX } from 'preact';
import { useTexts } from '../language.tsx';
import { List } from '../list.tsx';
import { Button, Head, Time, UserLink } from '../parts.tsx';
import { ask, textIn } from '../questions.ts';
import { act } from '../run-act.ts';
import { client } from '../session.ts';
import type { Texts } from '../texts.ts';
import { useVersion } from '../version.ts';

async function announce(texts: Texts, after: () => void): Promise<void> {
  const answers = await ask({
    title: texts.do.announce,
    text: texts.announceText,
    fields: [{ name: 'text', label: texts.columns.text, kind: 'area', isRequired: true, maxLength: 1000 }],
    yes: texts.do.send,
  });
  if (answers === undefined) return;
  const text = textIn(answers, 'text');
  const before = new Set(
    (await client.admin.announcements({ limit: 20 }).catch(() => undefined))?.items.map(({ id }) => id),
  );
  await act({
    title: texts.do.announce,
    run: () => client.admin.announce({ text }),
    isDone: async () =>
      (await client.admin.announcements({ limit: 20 })).items.some((one) => one.text === text && !before.has(one.id)),
    after,
  });
}

export function AnnouncementsPage({ isAdmin }: { isAdmin: boolean }): JSX.Element {
  const texts = useTexts();
  const [version, raise] = useVersion();
  const { columns } = texts;
  return (
    <>
      <Head title={texts.nav.announcements} lead={texts.leads.announcements}>
        {isAdmin && (
          <Button kind="primary" icon="plus" label={texts.do.announce} onClick={() => void announce(texts, raise)} />
        )}
      </Head>
      <List<Announcement>
        label={texts.nav.announcements}
        empty={texts.empty.announcements}
        version={version}
        keyOf={({ id }) => id}
        read={(query) => client.admin.announcements(query)}
        columns={[
          { title: columns.text, isMain: true, cell: ({ text }) => <span class="pre">{text}</span> },
          { title: columns.by, cell: ({ created_by }) => <UserLink id={created_by} /> },
          { title: columns.at, cell: ({ created_at }) => <Time at={created_at} /> },
        ]}
      />
    </>
  );
}
