import type { AdminRoom } from '@chatapi/client';
import type { JSX } from 'preact';
import { numberIn, useWords } from '../language.tsx';
import { List } from '../list.tsx';
import { Head, Mono, Status, Time } from '../parts.tsx';
import { client } from '../session.ts';
import { linkTo } from '../where.ts';

export const RoomLink = ({ room }: { room: Pick<AdminRoom, 'id' | 'name'> }): JSX.Element => (
  <a class="who-link" href={linkTo('rooms', room.id)}>
    {room.name ? <strong>{room.name}</strong> : <Mono>{room.id}</Mono>}
  </a>
);

export function RoomsPage(): JSX.Element {
  const { language, texts } = useWords();
  const { columns, kinds, sorts, states } = texts;
  return (
    <>
      <Head title={texts.nav.rooms} lead={texts.leads.rooms} />
      <List<AdminRoom>
        label={texts.nav.rooms}
        empty={texts.empty.rooms}
        keyOf={({ id }) => id}
        read={({ archived, ...query }) =>
          client.admin.rooms({ ...query, archived: archived === undefined ? undefined : archived === 'true' })
        }
        filters={[
          { name: 'search', label: texts.search, kind: 'search' },
          {
            name: 'kind',
            label: columns.kind,
            kind: 'select',
            options: (['public', 'private', 'direct'] as const).map((one) => [one, kinds[one]] as const),
          },
          {
            name: 'archived',
            label: columns.status,
            kind: 'select',
            options: [
              ['false', states.active],
              ['true', states.archived],
            ],
          },
          {
            name: 'sort',
            label: texts.sort,
            kind: 'sort',
            options: [
              ['', sorts.newest],
              ['active', sorts.lastActive],
            ],
          },
        ]}
        columns={[
          { title: columns.room, isMain: true, cell: (room) => <RoomLink room={room} /> },
          { title: columns.kind, cell: ({ kind }) => kinds[kind] },
          { title: columns.status, cell: ({ archived }) => <Status word={archived ? 'archived' : 'active'} /> },
          { title: columns.members, isNumber: true, cell: ({ member_count }) => numberIn(language, member_count) },
          { title: columns.events, isNumber: true, cell: ({ last_seq }) => numberIn(language, last_seq) },
          { title: columns.lastActive, cell: ({ last_active_at }) => <Time at={last_active_at} /> },
        ]}
      />
    </>
  );
}
