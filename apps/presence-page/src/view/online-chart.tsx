import { useEffect, useRef } from 'preact/hooks';
import Plot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { CountsOverTime } from '../logic/answers.ts';
import { times as shownTimes, useZone } from './zone.ts';
import { seenCounts } from '../logic/seen-counts.ts';

const height = 150;
const dark = matchMedia('(prefers-color-scheme: dark)');

/** Devices online over time; those of which nothing is known any more as a second line, where there are some. */
export function OnlineChart({ counts }: { readonly counts: CountsOverTime | undefined }) {
  const box = useRef<HTMLDivElement>(null);
  const { isUtc } = useZone();
  useEffect(() => {
    const element = box.current;
    if (!element || !counts) return undefined;
    let plot = draw(element, counts);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    const redraw = (): void => {
      plot.destroy();
      plot = draw(element, counts);
    };
    dark.addEventListener('change', redraw);
    return () => {
      dark.removeEventListener('change', redraw);
      observer.disconnect();
      plot.destroy();
    };
  }, [counts, isUtc]);
  const last = counts?.points.at(-1);
  return (
    <div
      ref={box}
      class="chart"
      role="img"
      aria-label={last ? `At the end of this time, online: ${last.online}` : 'not read yet'}
    />
  );
}

function draw(element: HTMLElement, counts: CountsOverTime): Plot {
  const points = seenCounts(counts);
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const times = points.map(({ at }) => Date.parse(at) / 1_000);
  const hasUnknown = points.some(({ unknown }) => (unknown ?? 0) > 0);
  const axis = {
    stroke: color('--quiet'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  };
  return new Plot(
    {
      width: element.clientWidth,
      height,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      // To the right there is room for half of the last time.
      padding: [8, 18, 0, 0],
      // Ticks stand at full hours and days of the clock that is shown.
      tzDate: (at) => inShownZone(new Date(at * 1_000)),
      scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
      axes: [
        { ...axis, grid: { show: false }, values: (_plot, at) => ticksOf(at), space: 60, size: 24 },
        { ...axis, size: 42, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5] },
      ],
      series: [
        {},
        { stroke: color('--online'), fill: color('--online-soft'), width: 2, points: { show: false } },
        ...(hasUnknown
          ? [{ stroke: color('--unknown'), width: 2, dash: [4, 4], points: { show: false } }]
          : []),
      ],
    },
    [
      times,
      points.map(({ online }) => online),
      ...(hasUnknown ? [points.map(({ unknown }) => unknown)] : []),
    ],
    element,
  );
}

/** The time of day; where ticks are days apart, the day. @param at seconds since 1970 */
function ticksOf(at: readonly number[]): string[] {
  const [first = 0, second = first] = at;
  return at.map((each) =>
    second - first >= 86_400
      ? shownTimes().day(each * 1_000)
      : shownTimes()
          .short(each * 1_000, each * 1_000)
          .slice(0, 5),
  );
}

function inShownZone(date: Date): Date {
  return shownTimes().isUtc ? Plot.tzDate(date, 'Etc/UTC') : date;
}
