import type { AdminUser, User } from '@chatapi/client';
import type { JSX } from 'preact';
import { numberIn, useTexts, useWords } from '../language.tsx';
import { List } from '../list.tsx';
import { Head, Status, Time } from '../parts.tsx';
import { client } from '../session.ts';
import { linkTo } from '../where.ts';

const Who = ({ user }: { user: Pick<User, 'id' | 'username' | 'display_name' | 'kind'> }): JSX.Element => {
  const { kinds } = useTexts();
  return (
    <a class="who-link" href={linkTo('users', user.id)}>
      <strong>{user.display_name}</strong>
      <span class="quiet">
        {' '}
        @{user.username}
        {user.kind === 'bot' && ` · ${kinds.bot}`}
      </span>
    </a>
  );
};

export function UsersPage(): JSX.Element {
  const { language, texts } = useWords();
  const { columns, states, sorts } = texts;
  const optionsOf = (...words: ('active' | 'banned' | 'deactivated' | 'user' | 'moderator' | 'admin')[]) =>
    words.map((word) => [word, states[word]] as const);
  return (
    <>
      <Head title={texts.nav.users} lead={texts.leads.users} />
      <List<AdminUser>
        label={texts.nav.users}
        empty={texts.empty.users}
        keyOf={({ id }) => id}
        read={(query) => client.admin.users(query)}
        filters={[
          { name: 'search', label: texts.search, kind: 'search' },
          {
            name: 'status_filter',
            label: columns.status,
            kind: 'select',
            options: optionsOf('active', 'banned', 'deactivated'),
          },
          {
            name: 'role_filter',
            label: columns.role,
            kind: 'select',
            options: optionsOf('user', 'moderator', 'admin'),
          },
          {
            name: 'sort',
            label: texts.sort,
            kind: 'sort',
            options: [
              ['', sorts.newest],
              ['last_seen', sorts.lastSeen],
              ['username', sorts.username],
            ],
          },
        ]}
        columns={[
          { title: columns.user, isMain: true, cell: (user) => <Who user={user} /> },
          { title: columns.email, cell: ({ email }) => email ?? <span class="quiet">–</span> },
          { title: columns.role, cell: ({ role }) => <Status word={role} /> },
          { title: columns.status, cell: ({ status }) => <Status word={status} /> },
          { title: columns.openReports, isNumber: true, cell: ({ open_reports }) => numberIn(language, open_reports) },
          { title: columns.created, cell: ({ created_at }) => <Time at={created_at} /> },
          { title: columns.lastSeen, cell: ({ last_seen_at }) => <Time at={last_seen_at} /> },
        ]}
      />
    </>
  );
}
