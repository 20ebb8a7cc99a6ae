import type { Issuer, IssuerInput } from '@chatapi/client';
import type { JSX } from 'preact';
import { useTexts } from '../language.tsx';
import { List } from '../list.tsx';
import { Button, Head, Mono, Time } from '../parts.tsx';
import { ask, textIn } from '../questions.ts';
import { act } from '../run-act.ts';
import { client } from '../session.ts';
import type { Texts } from '../texts.ts';
import { useVersion } from '../version.ts';

function inputOf(answers: FormData): IssuerInput {
  const keys = textIn(answers, 'keys');
  return {
    issuer: textIn(answers, 'issuer'),
    audience: textIn(answers, 'audience'),
    jwks_url: textIn(answers, 'jwks_url') || undefined,
    public_keys: keys === '' ? undefined : [keys],
    secret: textIn(answers, 'secret') || undefined,
    user_claim: textIn(answers, 'user_claim') || undefined,
    create_users: answers.get('create_users') !== null,
  };
}

async function create(texts: Texts, after: () => void): Promise<void> {
  const title = texts.do.newIssuer;
  const { issuer } = texts;
  const answers = await ask({
    title,
    text: issuer.text,
    fields: [
      { name: 'issuer', label: issuer.issuer, hint: issuer.issuerHint, isRequired: true },
      { name: 'audience', label: issuer.audience, hint: issuer.audienceHint, isRequired: true },
      { name: 'jwks_url', label: 'JWKS URL', hint: issuer.jwksHint },
      { name: 'keys', label: issuer.key, kind: 'area', hint: issuer.keyHint },
      { name: 'secret', label: issuer.secret, hint: issuer.secretHint },
      { name: 'user_claim', label: issuer.claim, hint: issuer.claimHint },
      { name: 'create_users', label: issuer.users, kind: 'checks', options: [['yes', issuer.createUsers]] },
    ],
    yes: texts.do.trust,
    needsPassword: true,
  });
  if (answers === undefined) return;
  const input = inputOf(answers);
  await act({
    title,
    run: () => client.admin.createIssuer(input),
    isDone: async () =>
      (await client.admin.issuers({ limit: 100 })).items.some(
        (one) => one.issuer === input.issuer && one.audience === input.audience,
      ),
    after,
  });
}

async function remove(texts: Texts, { id, issuer }: Issuer, after: () => void): Promise<void> {
  const title = texts.acts.removeIssuer(issuer);
  const sure = await ask({
    title,
    text: texts.issuer.removeText,
    yes: texts.do.remove,
    isDanger: true,
    needsPassword: true,
  });
  if (sure === undefined) return;
  await act({
    title,
    run: () => client.admin.deleteIssuer(id),
    isDone: async () => !(await client.admin.issuers({ limit: 100 })).items.some((one) => one.id === id),
    after,
  });
}

export function IssuersPage(): JSX.Element {
  const texts = useTexts();
  const [version, raise] = useVersion();
  const { columns, issuer } = texts;
  const keysOf = ({ jwks_url, has_secret, public_keys }: Issuer): string =>
    jwks_url ?? (has_secret ? issuer.secret : issuer.keys(public_keys?.length ?? 0));
  return (
    <>
      <Head title={texts.nav.issuers} lead={texts.leads.issuers}>
        <Button kind="primary" icon="plus" label={texts.do.newIssuer} onClick={() => void create(texts, raise)} />
      </Head>
      <List<Issuer>
        label={texts.nav.issuers}
        empty={texts.empty.issuers}
        version={version}
        keyOf={({ id }) => id}
        read={(query) => client.admin.issuers(query)}
        columns={[
          { title: issuer.issuer, isMain: true, cell: (one) => <strong class="break">{one.issuer}</strong> },
          { title: issuer.audience, cell: ({ audience }) => <Mono>{audience}</Mono> },
          { title: issuer.source, cell: (one) => <span class="break">{keysOf(one)}</span> },
          { title: issuer.users, cell: ({ create_users }) => (create_users ? texts.yes : texts.no) },
          { title: issuer.fetched, cell: ({ jwks_fetched_at }) => <Time at={jwks_fetched_at} /> },
          {
            title: columns.acts,
            cell: (one) => (
              <Button kind="danger" label={texts.do.remove} onClick={() => void remove(texts, one, raise)} />
            ),
          },
        ]}
      />
    </>
  );
}
