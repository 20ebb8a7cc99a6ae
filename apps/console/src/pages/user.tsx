import type { Profile } from '@chatapi/client';
import type { JSX } from 'preact';
import { useLoad } from '../load.ts';
import { learn } from '../names.ts';
import { Button, Facts, Head, Mono, Section, Status, Time, Waiting } from '../parts.tsx';
import { client } from '../session.ts';
import { ban, changeRole, endSessions, erase, resetPassword, startExport, unban, unlock } from '../user-acts.ts';
import { linkTo } from '../where.ts';
import { useTexts } from '../words.tsx';

function Acts({ user, after }: { user: Profile; after(): void }): JSX.Element {
  const texts = useTexts();
  const deed = { texts, user, after };
  const words = texts.do;
  return (
    <>
      {user.status === 'banned' ? (
        <Button label={words.unban} onClick={() => void unban(deed)} />
      ) : (
        <Button kind="danger" label={words.ban} onClick={() => void ban(deed)} />
      )}
      <Button label={words.role} onClick={() => void changeRole(deed)} />
      <Button label={words.unlock} onClick={() => void unlock(deed)} />
      <Button label={words.endSessions} onClick={() => void endSessions(deed)} />
      <Button label={words.resetLink} onClick={() => void resetPassword(deed)} />
      <Button label={words.export} onClick={() => void startExport(deed)} />
      <Button kind="danger" label={words.erase} onClick={() => void erase(deed)} />
    </>
  );
}

export function UserPage({ id, isAdmin }: { id: string; isAdmin: boolean }): JSX.Element {
  const texts = useTexts();
  const { columns } = texts;
  const {
    data: user,
    error,
    reload,
  } = useLoad(id, {
    read: async () => {
      const found = await client.users.get(id);
      learn(found);
      return found;
    },
  });
  if (user === undefined)
    return (
      <>
        <Head title={id} />
        <Waiting error={error} reload={reload} />
      </>
    );
  return (
    <>
      <Head title={user.display_name} lead={`@${user.username}`}>
        {isAdmin && <Acts user={user} after={reload} />}
      </Head>
      <Section title={texts.details}>
        <Facts
          facts={[
            ['ID', <Mono>{user.id}</Mono>],
            [columns.status, <Status word={user.status} />],
            [columns.role, <Status word={user.role} />],
            [columns.kind, texts.states[user.kind]],
            [columns.created, <Time at={user.created_at} />],
            [texts.bio, user.bio || '–'],
          ]}
        />
      </Section>
      <p class="more">
        <a href={linkTo('audit', undefined, { target_id: id })}>{texts.auditAbout}</a>
        <a href={linkTo('audit', undefined, { actor_id: id })}>{texts.auditBy}</a>
      </p>
    </>
  );
}
