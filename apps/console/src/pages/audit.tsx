import type { AuditEntry, AuditFilter } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { JSX } from 'preact';
import { timesOf } from '../days.ts';
import type { Filter } from '../filter-field.tsx';
import { useTexts } from '../language.tsx';
import { List } from '../list.tsx';
import { entriesSeen } from '../live.ts';
import { Button, Head, Mono, Status, Time, UserLink } from '../parts.tsx';
import { act } from '../run-act.ts';
import { client } from '../session.ts';
import type { Texts } from '../texts.ts';
import { linkTo, where } from '../where.ts';

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
  if (text.length <= 24) return <Mono>{text}</Mono>;
  return (
    <details>
      <summary>{columns.details}</summary>
      <pre>{JSON.stringify(details, undefined, 2)}</pre>
    </details>
  );
}

type Chosen = Record<string, string | number | undefined>;

const filterOf = ({ from, to, ...others }: Chosen): AuditFilter => ({ ...others, ...timesOf(from, to) });

const OUTCOMES = ['done', 'refused', 'unknown', 'pending'] as const;

function filtersOf({ columns, states, audit }: Texts): Filter[] {
  return [
    { name: 'action', label: columns.action, kind: 'text' },
    { name: 'actor_id', label: columns.actor, kind: 'text' },
    { name: 'target_id', label: columns.target, kind: 'text' },
    { name: 'outcome', label: columns.outcome, kind: 'select', options: OUTCOMES.map((one) => [one, states[one]]) },
    { name: 'from', label: audit.from, kind: 'date' },
    { name: 'to', label: audit.to, kind: 'date' },
  ];
}

/** @param query what it is limited to; without one, filters are shown. */
export function AuditList({ query: fixed }: { query?: AuditFilter }): JSX.Element {
  const texts = useTexts();
  const version = useStore(entriesSeen);
  const { columns } = texts;
  return (
    <List<AuditEntry>
      label={texts.nav.audit}
      empty={texts.empty.audit}
      version={version}
      keyOf={({ id }) => id}
      read={({ cursor, limit, ...query }) =>
        client.admin.auditLog({ ...filterOf(query), ...fixed, cursor: cursor as string, limit: limit as number })
      }
      filters={fixed === undefined ? filtersOf(texts) : []}
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

/** Until the browser has begun to save it. */
const KEPT_MS = 60_000;

/** What the filters of the page choose. The download is on record too. */
async function download(texts: Texts): Promise<void> {
  const { cursor: _, ...query } = where.get().query;
  const title = texts.audit.csv;
  const got = await act({ title, run: () => client.admin.auditLogCsv(filterOf(query)) });
  if (got === undefined) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(got.value);
  link.download = `audit-log-${new Date().toISOString().slice(0, 10)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

export function AuditPage(): JSX.Element {
  const texts = useTexts();
  return (
    <>
      <Head title={texts.nav.audit} lead={texts.leads.audit}>
        <Button icon="download" label={texts.audit.csv} onClick={() => void download(texts)} />
      </Head>
      <AuditList />
    </>
  );
}
