import type { SeriesMetric, Stats } from '@chatapi/client';
import { useStore } from '@chatapi/page/value';
import type { ComponentChildren, JSX } from 'preact';
import { Chart } from '../chart.tsx';
import { numberIn, sizeIn, useWords } from '../language.tsx';
import { pushed } from '../live.ts';
import { useLoad } from '../load.ts';
import { Head, Section, Status, Time, Waiting } from '../parts.tsx';
import { client } from '../session.ts';
import { linkTo, where } from '../where.ts';

const REFRESH_MS = 5000;
const MINUTE_MS = 60_000;
const OPEN_SHOWN = 100;

interface TileProps {
  title: string;
  value: ComponentChildren;
  more?: ComponentChildren;
  href?: string;
}

const Tile = ({ title, value, more, href }: TileProps): JSX.Element => (
  <div class="tile">
    <span class="quiet">{href === undefined ? title : <a href={href}>{title}</a>}</span>
    <strong class="figure">{value}</strong>
    {more && <span class="quiet">{more}</span>}
  </div>
);

function Tiles({ stats, open }: { stats: Stats; open: string }): JSX.Element {
  const { language, texts } = useWords();
  const { tiles } = texts;
  const number = (value: number | null): string => (value === null ? texts.unknown : numberIn(language, value));
  const { users, rooms, messages, files, connections } = stats;
  const banned = linkTo('users', undefined, { status_filter: 'banned' });
  return (
    <div class="tiles">
      <Tile title={tiles.online} value={number(users.online)} more={tiles.active(number(users.active_24h))} />
      <Tile
        title={tiles.users}
        href={linkTo('users')}
        value={number(users.total)}
        more={tiles.newUsers(number(users.new_24h))}
      />
      <Tile
        title={tiles.messages}
        value={number(messages.last_24h)}
        more={tiles.lastHour(number(messages.last_hour))}
      />
      <Tile
        title={tiles.rooms}
        href={linkTo('rooms')}
        value={number(rooms.total)}
        more={tiles.direct(number(rooms.direct))}
      />
      <Tile title={tiles.files} value={number(files.total)} more={sizeIn(language, files.bytes)} />
      <Tile
        title={tiles.connections}
        value={number(connections.total)}
        more={tiles.nodes(Object.keys(connections.by_node).length)}
      />
      <Tile
        title={tiles.reports}
        href={linkTo('reports')}
        value={open}
        more={open === '0' ? tiles.nothingToDo : tiles.waiting}
      />
      <Tile
        title={tiles.banned}
        href={banned}
        value={number(users.banned)}
        more={tiles.messagesInAll(number(messages.total))}
      />
    </div>
  );
}

/** Seconds back, and seconds per point. */
const SPANS = { hour: [3600, 60], day: [86_400, 300], week: [604_800, 3600], month: [2_592_000, 7200] } as const;
const METRICS: SeriesMetric[] = ['messages', 'users_online', 'connections', 'requests', 'errors', 'rate_limited'];

function Series({ metric, span }: { metric: SeriesMetric; span: keyof typeof SPANS }): JSX.Element {
  const { texts } = useWords();
  const { data, error } = useLoad(`${metric} ${span}`, {
    read: () => {
      const [seconds, step] = SPANS[span];
      return client.admin.series({ metric, from: new Date(Date.now() - seconds * 1000 + 1000).toISOString(), step });
    },
    everyMs: MINUTE_MS,
  });
  const points =
    data?.points.flatMap(({ at, value }) => (value === null ? [] : [[Date.parse(at), value] as const])) ?? [];
  const waiting = error ? texts.advice.away : data === undefined ? texts.loading : texts.chartWaits;
  return <Chart title={texts.metrics[metric]} points={points} waiting={waiting} />;
}

function Charts(): JSX.Element {
  const { texts } = useWords();
  const { query } = useStore(where);
  const span = query.span !== undefined && query.span in SPANS ? (query.span as keyof typeof SPANS) : 'day';
  return (
    <>
      <nav class="tabs" aria-label={texts.span}>
        {(Object.keys(SPANS) as (keyof typeof SPANS)[]).map((one) => (
          <a
            key={one}
            href={linkTo('overview', undefined, { span: one })}
            aria-current={one === span ? 'page' : undefined}
          >
            {texts.spans[one]}
          </a>
        ))}
      </nav>
      <div class="charts">
        {METRICS.map((metric) => (
          <Series key={metric} metric={metric} span={span} />
        ))}
      </div>
    </>
  );
}

function Nodes({ stats }: { stats: Stats }): JSX.Element {
  const { language, texts } = useWords();
  const nodes = Object.entries(stats.connections.by_node).toSorted(([a], [b]) => a.localeCompare(b));
  const most = Math.max(1, ...nodes.map(([, count]) => count));
  return (
    <Section title={texts.byNode}>
      <ul class="bars">
        {nodes.map(([name, count]) => (
          <li key={name}>
            <span>{name}</span>
            <meter min={0} max={most} value={count} aria-label={name} />
            <span class="number">{numberIn(language, count)}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Asked once, then pushed; asked again and again only while nothing is pushed. */
function useFigures() {
  const live = useStore(pushed);
  const asked = useLoad('overview', {
    read: async () => {
      const [stats, reports] = await Promise.all([
        client.admin.stats(),
        client.admin.reports({ status: 'open', limit: OPEN_SHOWN }),
      ]);
      return { stats, open: `${reports.items.length}${reports.has_more ? '+' : ''}` };
    },
    everyMs: live === undefined ? REFRESH_MS : 0,
  });
  return live === undefined
    ? asked
    : { ...asked, error: undefined, data: { stats: live.stats, open: String(live.open) } };
}

export function OverviewPage(): JSX.Element {
  const { texts } = useWords();
  const { data, error, reload } = useFigures();
  const health = useLoad('health', { read: () => client.admin.health(), everyMs: 3 * REFRESH_MS }).data;
  const asOf = data && (
    <>
      {texts.asOf} <Time at={data.stats.generated_at} />
    </>
  );
  return (
    <>
      <Head title={texts.nav.overview} lead={asOf}>
        {health && (
          <a class="health" href={linkTo('health')}>
            {texts.nav.health}: <Status word={health.status} />
          </a>
        )}
      </Head>
      {(data === undefined || error) && <Waiting error={error} reload={reload} />}
      {data && <Tiles stats={data.stats} open={data.open} />}
      <Charts />
      {data && <Nodes stats={data.stats} />}
    </>
  );
}
