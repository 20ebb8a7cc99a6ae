import type { Health, SystemHealth } from '@chatapi/client';
import type { JSX } from 'preact';
import { durationIn, numberIn, sizeIn, useWords } from '../language.tsx';
import { Table } from '../list.tsx';
import { useLoad } from '../load.ts';
import { Empty, Facts, Head, Section, Status, Waiting } from '../parts.tsx';
import { client } from '../session.ts';

const REFRESH_MS = 5000;

function Stores({ health }: { health: SystemHealth }): JSX.Element {
  const { language, texts } = useWords();
  const { database, redis, queues, disk } = health;
  const look = ({ status, latency_ms }: Health): JSX.Element => (
    <>
      <Status word={status} /> <span class="quiet">{Math.round(latency_ms)} ms</span>
    </>
  );
  const free =
    disk.free_bytes === null || disk.total_bytes === null
      ? texts.unknown
      : texts.freeOf(sizeIn(language, disk.free_bytes), sizeIn(language, disk.total_bytes));
  return (
    <Section title={texts.stores}>
      <Facts
        facts={[
          ['PostgreSQL', look(database)],
          ['Redis', look(redis)],
          [texts.queues, look(queues)],
          [
            texts.disk,
            <>
              <Status word={disk.status} /> <span class="quiet">{free}</span>
            </>,
          ],
        ]}
      />
    </Section>
  );
}

function Queues({ counts }: { counts: Record<string, Record<string, number>> }): JSX.Element {
  const { language, texts } = useWords();
  const rows = Object.entries(counts);
  const states = ['waiting', 'active', 'delayed', 'failed'] as const;
  if (rows.length === 0) return <Empty>{texts.empty.queues}</Empty>;
  return (
    <Table
      label={texts.queues}
      items={rows}
      keyOf={([name]) => name}
      columns={[
        { title: texts.columns.queue, isMain: true, cell: ([name]) => name },
        ...states.map((state) => ({
          title: texts.jobs[state],
          isNumber: true,
          cell: ([, of]: [string, Record<string, number>]) => numberIn(language, of[state] ?? 0),
        })),
      ]}
    />
  );
}

export function HealthPage(): JSX.Element {
  const { language, texts } = useWords();
  const { data, error, reload } = useLoad('health', { read: () => client.admin.health(), everyMs: REFRESH_MS });
  return (
    <>
      <Head title={texts.nav.health} lead={data && <Status word={data.status} />} />
      {(data === undefined || error) && <Waiting error={error} reload={reload} />}
      {data && (
        <>
          <Section title={texts.instances}>
            <Table
              label={texts.instances}
              items={data.services}
              keyOf={({ name }) => name}
              columns={[
                { title: texts.columns.instance, isMain: true, cell: ({ name }) => name },
                { title: texts.columns.service, cell: ({ service }) => service },
                { title: texts.columns.status, cell: ({ status }) => <Status word={status} /> },
                { title: texts.columns.latency, isNumber: true, cell: (one) => `${Math.round(one.latency_ms)} ms` },
                { title: texts.columns.version, cell: ({ version }) => version ?? '–' },
                {
                  title: texts.columns.uptime,
                  isNumber: true,
                  cell: ({ uptime_s }) => (uptime_s === null ? '–' : durationIn(language, uptime_s)),
                },
              ]}
            />
          </Section>
          <Stores health={data} />
          <Section title={texts.queues}>
            <Queues counts={data.queues.counts} />
          </Section>
        </>
      )}
    </>
  );
}
