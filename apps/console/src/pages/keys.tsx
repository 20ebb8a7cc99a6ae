import type { ApplicationKey, Scope } from '@chatapi/client';
import type { JSX } from 'preact';
import { useTexts } from '../language.tsx';
import { List } from '../list.tsx';
import { Badge, Button, Head, Time } from '../parts.tsx';
import { ask, textIn, timeIn } from '../questions.ts';
import { act } from '../run-act.ts';
import { client } from '../session.ts';
import type { Texts } from '../texts.ts';
import { useVersion } from '../version.ts';

export const SCOPES: Scope[] = [
  'users:read',
  'users:write',
  'tokens:write',
  'rooms:read',
  'rooms:write',
  'messages:read',
  'messages:write',
  'files:read',
  'files:write',
  'events:read',
  'webhooks:write',
  'moderation:write',
  'stats:read',
  'act_as',
];

async function create(texts: Texts, after: () => void): Promise<void> {
  const title = texts.do.newKey;
  const answers = await ask({
    title,
    fields: [
      { name: 'name', label: texts.columns.name, isRequired: true, maxLength: 64 },
      { name: 'scopes', label: texts.columns.scopes, kind: 'checks', options: SCOPES.map((one) => [one, one]) },
      { name: 'expires', label: texts.expires, kind: 'time', hint: texts.expiresHint },
    ],
    yes: texts.do.create,
    needsPassword: true,
  });
  if (answers === undefined) return;
  const name = textIn(answers, 'name');
  const began = Date.now();
  const made = await act({
    title,
    run: () =>
      client.admin.createKey({
        name,
        scopes: answers.getAll('scopes') as Scope[],
        expires_at: timeIn(answers, 'expires'),
      }),
    isDone: async () =>
      (await client.admin.keys()).items.some((one) => one.name === name && Date.parse(one.created_at) > began - 5000),
    after,
  });
  if (made) await ask({ title, text: texts.secretText, secret: made.value.key, yes: texts.close, isNotice: true });
}

async function end(texts: Texts, key: ApplicationKey, after: () => void): Promise<void> {
  const title = texts.acts.endKey(key.name);
  const sure = await ask({ title, text: texts.endKeyText, yes: texts.do.end, isDanger: true, needsPassword: true });
  if (sure === undefined) return;
  await act({
    title,
    run: () => client.admin.endKey(key.id),
    isDone: async () => !(await client.admin.keys({ limit: 100 })).items.some(({ id }) => id === key.id),
    after,
  });
}

export const Scopes = ({ scopes }: { scopes: readonly string[] }): JSX.Element => (
  <span class="inline-list">
    {scopes.map((scope) => (
      <Badge key={scope}>{scope}</Badge>
    ))}
  </span>
);

export function KeysPage(): JSX.Element {
  const texts = useTexts();
  const [version, raise] = useVersion();
  const { columns } = texts;
  return (
    <>
      <Head title={texts.nav.keys} lead={texts.leads.keys}>
        <Button kind="primary" icon="plus" label={texts.do.newKey} onClick={() => void create(texts, raise)} />
      </Head>
      <List<ApplicationKey>
        label={texts.nav.keys}
        empty={texts.empty.keys}
        version={version}
        keyOf={({ id }) => id}
        read={(query) => client.admin.keys(query)}
        columns={[
          { title: columns.name, isMain: true, cell: ({ name }) => <strong>{name}</strong> },
          { title: columns.scopes, cell: ({ scopes }) => <Scopes scopes={scopes} /> },
          { title: columns.created, cell: ({ created_at }) => <Time at={created_at} /> },
          { title: columns.lastUsed, cell: ({ last_used_at }) => <Time at={last_used_at} /> },
          { title: columns.expires, cell: ({ expires_at }) => <Time at={expires_at} /> },
          {
            title: columns.acts,
            cell: (key) => <Button kind="danger" label={texts.do.end} onClick={() => void end(texts, key, raise)} />,
          },
        ]}
      />
    </>
  );
}
