import type { Invite } from '@chatapi/client';
import type { JSX } from 'preact';
import { useTexts } from '../language.tsx';
import { List } from '../list.tsx';
import { Button, Head, Mono, Time } from '../parts.tsx';
import { ask, listIn, textIn, timeIn } from '../questions.ts';
import { act } from '../run-act.ts';
import { client } from '../session.ts';
import type { Texts } from '../texts.ts';
import { useVersion } from '../version.ts';

async function create(texts: Texts, after: () => void): Promise<void> {
  const title = texts.do.newInvite;
  const answers = await ask({
    title,
    fields: [
      { name: 'uses', label: texts.maxUses, kind: 'number', value: '1', isRequired: true },
      { name: 'expires', label: texts.expires, kind: 'time', hint: texts.inviteExpiresHint },
      { name: 'rooms', label: texts.inviteRooms, hint: texts.listHint },
    ],
    yes: texts.do.create,
  });
  if (answers === undefined) return;
  const before = new Set((await client.admin.invites().catch(() => undefined))?.items.map(({ id }) => id));
  const made = await act({
    title,
    run: () =>
      client.admin.createInvite({
        max_uses: Number(textIn(answers, 'uses')),
        expires_at: timeIn(answers, 'expires'),
        rooms: listIn(answers, 'rooms'),
      }),
    isDone: async () => (await client.admin.invites()).items.some(({ id }) => !before.has(id)),
    after,
  });
  if (made) await ask({ title, text: texts.inviteText, secret: made.value.code, yes: texts.close, isNotice: true });
}

export function InvitesPage(): JSX.Element {
  const texts = useTexts();
  const [version, raise] = useVersion();
  const { columns } = texts;
  const remove = async ({ id }: Invite): Promise<void> => {
    const title = texts.acts.deleteInvite;
    const sure = await ask({ title, text: texts.deleteInviteText, yes: texts.do.delete, isDanger: true });
    if (sure === undefined) return;
    await act({
      title,
      run: () => client.admin.deleteInvite(id),
      isDone: async () => !(await client.admin.invites({ limit: 100 })).items.some((one) => one.id === id),
      after: raise,
    });
  };
  return (
    <>
      <Head title={texts.nav.invites} lead={texts.leads.invites}>
        <Button kind="primary" icon="plus" label={texts.do.newInvite} onClick={() => void create(texts, raise)} />
      </Head>
      <List<Invite>
        label={texts.nav.invites}
        empty={texts.empty.invites}
        version={version}
        keyOf={({ id }) => id}
        read={(query) => client.admin.invites(query)}
        columns={[
          { title: 'ID', isMain: true, cell: ({ id }) => <Mono>{id}</Mono> },
          { title: columns.uses, isNumber: true, cell: ({ uses, max_uses }) => `${uses} / ${max_uses}` },
          { title: texts.nav.rooms, cell: ({ rooms }) => (rooms.length === 0 ? texts.none : rooms.join(', ')) },
          { title: columns.created, cell: ({ created_at }) => <Time at={created_at} /> },
          { title: columns.expires, cell: ({ expires_at }) => <Time at={expires_at} /> },
          {
            title: columns.acts,
            cell: (one) => <Button kind="danger" label={texts.do.delete} onClick={() => void remove(one)} />,
          },
        ]}
      />
    </>
  );
}
