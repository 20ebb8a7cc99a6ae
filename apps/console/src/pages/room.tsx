import type { AdminRoom, Member } from '@chatapi/client';
import type { JSX } from 'preact';
import { numberIn, useWords } from '../language.tsx';
import { List } from '../list.tsx';
import { useLoad } from '../load.ts';
import { Button, Facts, Head, Mono, Section, Status, Time, UserLink, Waiting } from '../parts.tsx';
import { archive, handOver, remove, rename } from '../room-acts.ts';
import { client } from '../session.ts';
import { useVersion } from '../version.ts';

function Acts({ room, after }: { room: AdminRoom; after(): void }): JSX.Element {
  const { texts } = useWords();
  const deed = { texts, room, after };
  const isGeneral = room.id === 'general';
  return (
    <>
      <Button label={texts.do.rename} onClick={() => void rename(deed)} />
      <Button label={texts.do.handOver} onClick={() => void handOver(deed)} />
      <Button
        label={room.archived ? texts.do.restore : texts.do.archive}
        disabled={isGeneral}
        onClick={() => void archive(deed, !room.archived)}
      />
      <Button kind="danger" label={texts.do.delete} disabled={isGeneral} onClick={() => void remove(deed)} />
    </>
  );
}

function Members({ id, version }: { id: string; version: number }): JSX.Element {
  const { texts } = useWords();
  const { columns, roles } = texts;
  return (
    <List<Member>
      label={columns.members}
      empty={texts.empty.members}
      version={version}
      keyOf={({ user_id }) => user_id}
      read={(query) => client.admin.roomMembers(id, query)}
      columns={[
        {
          title: columns.user,
          isMain: true,
          cell: ({ user_id, display_name, username }) => (
            <>
              <strong>{display_name}</strong> <UserLink id={user_id} name={`@${username}`} />
            </>
          ),
        },
        { title: columns.role, cell: ({ role }) => roles[role] },
        { title: columns.joined, cell: ({ joined_at }) => <Time at={joined_at} /> },
        {
          title: texts.muted,
          cell: ({ muted_until }) => (muted_until === null ? texts.no : <Time at={muted_until} />),
        },
      ]}
    />
  );
}

export function RoomPage({ id, isAdmin }: { id: string; isAdmin: boolean }): JSX.Element {
  const { language, texts } = useWords();
  const { data: room, error, reload } = useLoad(id, { read: () => client.admin.room(id) });
  const [version, raise] = useVersion();
  const after = (): void => {
    reload();
    raise();
  };
  if (room === undefined)
    return (
      <>
        <Head title={id} />
        <Waiting error={error} reload={reload} />
      </>
    );
  const { columns } = texts;
  return (
    <>
      <Head title={room.name || room.id} lead={room.topic || undefined}>
        {isAdmin && room.kind !== 'direct' && <Acts room={room} after={after} />}
      </Head>
      <Section title={texts.details}>
        <Facts
          facts={[
            ['ID', <Mono>{room.id}</Mono>],
            [columns.kind, texts.kinds[room.kind]],
            [columns.status, <Status word={room.archived ? 'archived' : 'active'} />],
            [columns.members, numberIn(language, room.member_count)],
            [columns.events, numberIn(language, room.last_seq)],
            [texts.slowMode, room.slow_mode_seconds === 0 ? texts.off : texts.seconds(room.slow_mode_seconds)],
            [columns.created, <Time at={room.created_at} />],
            [columns.lastActive, <Time at={room.last_active_at} />],
            [
              texts.owners,
              room.owner_ids.length === 0 ? (
                texts.none
              ) : (
                <span class="inline-list">
                  {room.owner_ids.map((one) => (
                    <UserLink key={one} id={one} />
                  ))}
                </span>
              ),
            ],
          ]}
        />
      </Section>
      <Section title={columns.members}>
        <Members id={id} version={version} />
      </Section>
    </>
  );
}
