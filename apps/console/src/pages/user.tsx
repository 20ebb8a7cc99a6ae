import type { AdminUserDetails } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { numberIn, sizeIn, timeIn, useWords } from '../language.tsx';
import { useLoad } from '../load.ts';
import { learn } from '../names.ts';
import { Button, type Fact, Facts, Head, Mono, Section, Status, Time, UserLink, Waiting } from '../parts.tsx';
import { client } from '../session.ts';
import { ban, changeRole, endSessions, erase, exportData, resetPassword, unban, unlock } from '../user-acts.ts';
import { linkTo, where } from '../where.ts';
import { TABS, type TabName } from './user-tabs.tsx';

interface UserProps {
  user: AdminUserDetails;
  isAdmin: boolean;
  after(): void;
}

function Acts({ user, isAdmin, after }: UserProps): JSX.Element {
  const { texts } = useWords();
  const deed = { texts, user, after };
  const words = texts.do;
  if (!isAdmin)
    return (
      <Button kind="danger" label={words.ban} disabled={user.role !== 'user'} onClick={() => void ban(deed, false)} />
    );
  return (
    <>
      {user.status === 'banned' ? (
        <Button label={words.unban} onClick={() => void unban(deed)} />
      ) : (
        <Button kind="danger" label={words.ban} onClick={() => void ban(deed, true)} />
      )}
      <Button label={words.role} onClick={() => void changeRole(deed)} />
      <Button label={words.unlock} onClick={() => void unlock(deed)} />
      <Button label={words.endSessions} onClick={() => void endSessions(deed)} />
      <Button label={words.resetLink} onClick={() => void resetPassword(deed)} />
      <Button label={words.export} onClick={() => void exportData(deed)} />
      <Button kind="danger" label={words.erase} onClick={() => void erase(deed)} />
    </>
  );
}

function Ban({ user }: { user: AdminUserDetails }): JSX.Element | null {
  const { language, texts } = useWords();
  const { ban: found } = user;
  if (found === null) return null;
  return (
    <p class="alert warn">
      <span>
        <strong>{texts.states.banned}</strong>{' '}
        {found.until === null ? texts.untilLifted : texts.bannedUntil(timeIn(language, found.until))}
        {found.by && (
          <>
            {' '}
            · {texts.columns.by} <UserLink id={found.by} />
          </>
        )}
        {found.reason && ` · ${found.reason}`}
      </span>
    </p>
  );
}

function About({ user, isAdmin }: { user: AdminUserDetails; isAdmin: boolean }): JSX.Element {
  const { language, texts } = useWords();
  const { columns, tiles } = texts;
  const { counts } = user;
  const number = (value: number | null): string => (value === null ? texts.unknown : numberIn(language, value));
  const files = counts.file_bytes === null ? '' : ` · ${sizeIn(language, counts.file_bytes)}`;
  const secret: Fact[] = [
    [columns.email, user.email ?? '–'],
    [texts.externalId, user.external_id ?? '–'],
  ];
  return (
    <Section title={texts.details}>
      <Facts
        facts={[
          ['ID', <Mono>{user.id}</Mono>],
          [columns.status, <Status word={user.status} />],
          [columns.role, <Status word={user.role} />],
          [columns.kind, texts.kinds[user.kind]],
          ...(isAdmin ? secret : []),
          [columns.created, <Time at={user.created_at} />],
          [columns.lastSeen, <Time at={user.last_seen_at} />],
          [tiles.rooms, number(counts.rooms)],
          [texts.messagesSent, number(counts.messages)],
          [tiles.files, `${number(counts.files)}${files}`],
          [texts.tabs.sessions, number(counts.sessions)],
          [tiles.reports, number(user.open_reports)],
          [texts.bio, user.bio || '–'],
        ]}
      />
    </Section>
  );
}

function Tabs({ user, isAdmin }: { user: AdminUserDetails; isAdmin: boolean }): JSX.Element {
  const { texts } = useWords();
  const { query } = useStore(where);
  const names = (Object.keys(TABS) as TabName[]).filter((name) => isAdmin || !TABS[name].forAdmins);
  const tab = names.find((name) => name === query.tab) ?? 'rooms';
  return (
    <>
      <nav class="tabs" aria-label={texts.details}>
        {names.map((name) => (
          <a key={name} href={linkTo('users', user.id, { tab: name })} aria-current={name === tab ? 'page' : undefined}>
            {texts.tabs[name]}
          </a>
        ))}
      </nav>
      {TABS[tab].show({ key: tab, id: user.id })}
    </>
  );
}

export function UserPage({ id, isAdmin }: { id: string; isAdmin: boolean }): JSX.Element {
  const {
    data: user,
    error,
    reload,
  } = useLoad(id, {
    read: async () => {
      const found = await client.admin.user(id);
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
        <Acts user={user} isAdmin={isAdmin} after={reload} />
      </Head>
      {error && <Waiting error={error} reload={reload} />}
      <Ban user={user} />
      <About user={user} isAdmin={isAdmin} />
      <Tabs user={user} isAdmin={isAdmin} />
    </>
  );
}
