// A line over time, drawn as SVG: a chart library would take a third of the page's bytes (ADR
// 0119).
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { numberIn, timeIn, useWords } from './language.tsx';

type Point = readonly [at: number, value: number];

const [WIDTH, HEIGHT] = [600, 140];
const PAD = 6;

/** 1, 2 or 5 times a power of ten, at least `value`. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return ([1, 2, 5, 10].find((one) => one * power >= value) ?? 10) * power;
}

interface Scale {
  x(at: number): number;
  y(value: number): number;
  max: number;
}

function scaleOf(points: readonly Point[]): Scale {
  const from = points[0]?.[0] ?? 0;
  const to = points.at(-1)?.[0] ?? 1;
  const max = niceAbove(Math.max(1, ...points.map(([, value]) => value)));
  return {
    max,
    x: (at) => ((at - from) / Math.max(1, to - from)) * WIDTH,
    y: (value) => HEIGHT - PAD - (value / max) * (HEIGHT - 2 * PAD),
  };
}

const pathOf = (points: readonly Point[], { x, y }: Scale): string =>
  points.map(([at, value], i) => `${i === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('');

const nearest = (points: readonly Point[], part: number): Point | undefined => {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const at = first[0] + part * (last[0] - first[0]);
  return points.reduce((best, one) => (Math.abs(one[0] - at) < Math.abs(best[0] - at) ? one : best), first);
};

interface ChartProps {
  title: string;
  points: readonly Point[];
  waiting: string;
}

export function Chart({ title, points, waiting }: ChartProps): JSX.Element {
  const { language } = useWords();
  const [pointed, point] = useState<Point>();
  const latest = points.at(-1);
  const shown = pointed ?? latest;
  const scale = scaleOf(points);
  const line = pathOf(points, scale);
  const move = ({ currentTarget, clientX }: PointerEvent): void => {
    const { left, width } = (currentTarget as Element).getBoundingClientRect();
    point(nearest(points, (clientX - left) / width));
  };
  return (
    <figure class="chart">
      <figcaption>
        <span>{title}</span>
        <strong class="number">{shown === undefined ? '–' : numberIn(language, shown[1])}</strong>
        <span class="quiet">{pointed && timeIn(language, pointed[0])}</span>
      </figcaption>
      {points.length < 2 ? (
        <p class="empty">{waiting}</p>
      ) : (
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${title}: ${numberIn(language, latest?.[1] ?? 0)}`}
          onPointerMove={move}
          onPointerLeave={() => point(undefined)}
        >
          {[0, 0.5, 1].map((part) => (
            <line
              key={part}
              class="grid"
              x1="0"
              x2={WIDTH}
              y1={scale.y(part * scale.max)}
              y2={scale.y(part * scale.max)}
            />
          ))}
          <path class="area" d={`${line}L${WIDTH} ${HEIGHT - PAD}L0 ${HEIGHT - PAD}Z`} />
          <path class="line" d={line} />
          {pointed && <line class="cursor" x1={scale.x(pointed[0])} x2={scale.x(pointed[0])} y1="0" y2={HEIGHT} />}
        </svg>
      )}
      {points.length >= 2 && (
        <div class="axis quiet">
          <span>{timeIn(language, points[0]?.[0] ?? 0)}</span>
          <span>{numberIn(language, scale.max)}</span>
        </div>
      )}
    </figure>
  );
}
