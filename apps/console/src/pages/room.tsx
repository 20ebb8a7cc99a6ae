import type { AdminRoom } from '@chatapi/client';
import type { JSX } from 'preact';
import { useLoad } from '../load.ts';
import { Button, Facts, Head, Mono, Section, Status, Time, UserLink, Waiting } from '../parts.tsx';
import { archive, handOver, remove, rename } from '../room-acts.ts';
import { client } from '../session.ts';
import { numberIn, useWords } from '../words.tsx';

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

export function RoomPage({ id, isAdmin }: { id: string; isAdmin: boolean }): JSX.Element {
  const { language, texts } = useWords();
  const { data: room, error, reload } = useLoad(id, { read: () => client.admin.room(id) });
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
        {isAdmin && room.kind !== 'direct' && <Acts room={room} after={reload} />}
      </Head>
      <Section title={texts.details}>
        <Facts
          facts={[
            ['ID', <Mono>{room.id}</Mono>],
            [columns.kind, texts.states[room.kind]],
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
    </>
  );
}
