import type { AuditEntry, AuditQuery } from '@chatapi/client';
import type { JSX } from 'preact';
import { List } from '../list.tsx';
import { Head, Mono, Status, Time, UserLink } from '../parts.tsx';
import { client } from '../session.ts';
import { linkTo } from '../where.ts';
import { useTexts } from '../words.tsx';

/** Where the target of an entry is shown. */
function Target({ id, action }: { id: string; action: string }): JSX.Element {
  if (id.startsWith('usr_')) return <UserLink id={id} />;
  if (action.startsWith('room.')) return <a href={linkTo('rooms', id)}>{id}</a>;
  return <Mono>{id}</Mono>;
}

function Details({ details }: { details: AuditEntry['details'] }): JSX.Element {
  const { columns } = useTexts();
  const text = JSON.stringify(details);
  if (text === '{}') return <span class="quiet">–</span>;
  if (text.length <= 60) return <Mono>{text}</Mono>;
  return (
    <details>
      <summary>{columns.details}</summary>
      <pre>{JSON.stringify(details, undefined, 2)}</pre>
    </details>
  );
}

/** @param query what it is limited to; without one, filters are shown. */
export function AuditList({ query: fixed }: { query?: AuditQuery }): JSX.Element {
  const texts = useTexts();
  const { columns } = texts;
  return (
    <List<AuditEntry>
      label={texts.nav.audit}
      empty={texts.empty.audit}
      keyOf={({ id }) => id}
      read={(query) => client.admin.auditLog({ ...query, ...fixed })}
      filters={
        fixed === undefined
          ? [
              { name: 'action', label: columns.action, kind: 'text' },
              { name: 'actor_id', label: columns.actor, kind: 'text' },
              { name: 'target_id', label: columns.target, kind: 'text' },
            ]
          : []
      }
      columns={[
        { title: columns.action, isMain: true, cell: ({ action }) => <strong>{action}</strong> },
        {
          title: columns.actor,
          cell: ({ actor_id }) => (actor_id.startsWith('usr_') ? <UserLink id={actor_id} /> : <Mono>{actor_id}</Mono>),
        },
        { title: columns.target, cell: ({ target_id, action }) => <Target id={target_id} action={action} /> },
        { title: columns.outcome, cell: ({ outcome }) => <Status word={outcome} /> },
        { title: columns.details, cell: ({ details }) => <Details details={details} /> },
        { title: columns.at, cell: ({ created_at }) => <Time at={created_at} /> },
      ]}
    />
  );
}

export function AuditPage(): JSX.Element {
  const texts = useTexts();
  return (
    <>
      <Head title={texts.nav.audit} lead={texts.leads.audit} />
      <AuditList />
    </>
  );
}
