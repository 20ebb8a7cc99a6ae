import type { Stats } from '@chatapi/client';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Chart, type Point } from '../chart.tsx';
import { useLoad } from '../load.ts';
import { Head, Section, Status, Time, Waiting } from '../parts.tsx';
import { client } from '../session.ts';
import { linkTo } from '../where.ts';
import { numberIn, sizeIn, useWords } from '../words.tsx';

const REFRESH_MS = 5000;
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
        href={linkTo('users', undefined, { status_filter: 'banned' })}
        value={number(users.banned)}
        more={tiles.messagesInAll(number(messages.total))}
      />
    </div>
  );
}

/** What was read while the page is open. */
const MAX_POINTS = 720;
const seen: { connections: Point[]; online: Point[] } = { connections: [], online: [] };

function note({ connections, users, generated_at }: Stats): void {
  const at = Date.parse(generated_at);
  for (const [points, value] of [
    [seen.connections, connections.total],
    [seen.online, users.online],
  ] as const) {
    if (value !== null && points.at(-1)?.[0] !== at) points.push([at, value]);
    if (points.length > MAX_POINTS) points.shift();
  }
}

function Nodes({ stats }: { stats: Stats }): JSX.Element {
  const { language, texts } = useWords();
  const nodes = Object.entries(stats.connections.by_node);
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

export function OverviewPage(): JSX.Element {
  const { texts } = useWords();
  const [, setCount] = useState(0);
  const { data, error, reload } = useLoad('overview', {
    read: async () => {
      const [stats, reports] = await Promise.all([
        client.admin.stats(),
        client.admin.reports({ status: 'open', limit: OPEN_SHOWN }),
      ]);
      note(stats);
      setCount((last) => last + 1);
      return { stats, open: `${reports.items.length}${reports.has_more ? '+' : ''}` };
    },
    everyMs: REFRESH_MS,
  });
  const health = useLoad('health', { read: () => client.admin.health(), everyMs: REFRESH_MS }).data;
  return (
    <>
      <Head
        title={texts.nav.overview}
        lead={
          data && (
            <>
              {texts.asOf} <Time at={data.stats.generated_at} />
            </>
          )
        }
      >
        {health && (
          <a class="health" href={linkTo('health')}>
            {texts.nav.health}: <Status word={health.status} />
          </a>
        )}
      </Head>
      {(data === undefined || error) && <Waiting error={error} reload={reload} />}
      {data && (
        <>
          <Tiles stats={data.stats} open={data.open} />
          <div class="charts">
            <Chart title={texts.tiles.online} points={seen.online} waiting={texts.chartWaits} />
            <Chart title={texts.tiles.connections} points={seen.connections} waiting={texts.chartWaits} />
          </div>
          <Nodes stats={data.stats} />
        </>
      )}
    </>
  );
}
