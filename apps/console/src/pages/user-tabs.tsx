// What belongs to one user, a list at a time.
import type { AdminUserRoom, ListedReport, UserSession } from '@chatapi/client';
import type { JSX } from 'preact';
import { numberIn, useTexts, useWords } from '../language.tsx';
import { List } from '../list.tsx';
import { Mono, Status, Time, UserLink } from '../parts.tsx';
import { client } from '../session.ts';
import { linkTo } from '../where.ts';
import { AuditList } from './audit.tsx';
import { FileList } from './files.tsx';
import { RoomLink } from './rooms.tsx';

interface TabProps {
  /** A new one is drawn anew. */
  key: string;
  id: string;
}

function Rooms({ id }: TabProps): JSX.Element {
  const { language, texts } = useWords();
  const { columns, kinds, roles } = texts;
  return (
    <List<AdminUserRoom>
      label={texts.tabs.rooms}
      empty={texts.empty.userRooms}
      keyOf={(room) => room.id}
      read={(query) => client.admin.userRooms(id, query)}
      columns={[
        { title: columns.room, isMain: true, cell: (room) => <RoomLink room={room} /> },
        { title: columns.kind, cell: ({ kind }) => kinds[kind] },
        { title: columns.role, cell: ({ role }) => roles[role] },
        { title: columns.members, isNumber: true, cell: ({ member_count }) => numberIn(language, member_count) },
        { title: columns.joined, cell: ({ joined_at }) => <Time at={joined_at} /> },
        { title: columns.lastActive, cell: ({ last_active_at }) => <Time at={last_active_at} /> },
      ]}
    />
  );
}

function Sessions({ id }: TabProps): JSX.Element {
  const texts = useTexts();
  const { columns } = texts;
  return (
    <List<UserSession>
      label={texts.tabs.sessions}
      empty={texts.empty.sessions}
      keyOf={(session) => session.id}
      read={(query) => client.admin.userSessions(id, query)}
      columns={[
        {
          title: columns.device,
          isMain: true,
          cell: ({ name, user_agent }) => <span class="break">{name ?? (user_agent || '–')}</span>,
        },
        { title: 'IP', cell: ({ ip }) => <Mono>{ip}</Mono> },
        { title: columns.created, cell: ({ created_at }) => <Time at={created_at} /> },
        { title: columns.lastUsed, cell: ({ last_used_at }) => <Time at={last_used_at} /> },
      ]}
    />
  );
}

function Reports({ id, by }: TabProps & { by?: true }): JSX.Element {
  const texts = useTexts();
  const { columns, targets } = texts;
  return (
    <List<ListedReport>
      label={by ? texts.tabs.reportsBy : texts.tabs.reportsAbout}
      empty={texts.empty.userReports}
      keyOf={(report) => report.id}
      read={(query) => client.admin.reports({ ...query, ...(by ? { reporter_id: id } : { about_user_id: id }) })}
      columns={[
        {
          title: texts.reason,
          isMain: true,
          cell: (one) => (
            <a href={linkTo('reports', undefined, { report: one.id, status: one.status, target_id: one.target_id })}>
              {one.reason || '–'}
            </a>
          ),
        },
        { title: columns.target, cell: ({ target_type }) => targets[target_type] },
        { title: columns.status, cell: ({ status }) => <Status word={status} /> },
        {
          title: by ? texts.about : texts.reporter,
          cell: (one) => {
            const other = by ? one.about_user_id : one.reporter_id;
            return other ? <UserLink id={other} /> : texts.unknown;
          },
        },
        { title: columns.at, cell: ({ created_at }) => <Time at={created_at} /> },
      ]}
    />
  );
}

interface Tab {
  show(props: TabProps): JSX.Element;
  forAdmins?: boolean;
}

export type TabName = 'rooms' | 'sessions' | 'files' | 'reportsAbout' | 'reportsBy' | 'auditAbout' | 'auditBy';

export const TABS: Record<TabName, Tab> = {
  rooms: { show: (props) => <Rooms {...props} /> },
  sessions: { show: (props) => <Sessions {...props} />, forAdmins: true },
  files: { show: ({ key, id }) => <FileList key={key} userId={id} />, forAdmins: true },
  reportsAbout: { show: (props) => <Reports {...props} /> },
  reportsBy: { show: (props) => <Reports {...props} by /> },
  auditAbout: { show: ({ key, id }) => <AuditList key={key} query={{ target_id: id }} /> },
  auditBy: { show: ({ key, id }) => <AuditList key={key} query={{ actor_id: id }} /> },
};
