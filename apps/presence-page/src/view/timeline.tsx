import type { PastConnection } from '../logic/answers.ts';
import { certaintyInWords, reasonInWords } from '../logic/in-words.ts';
import { timelineBars, timeTicks, type Bar, type Period } from '../logic/timeline-bars.ts';
import { Zone } from './words.tsx';
import { times } from './zone.ts';

const laneHeight = 26;
const width = 1_000;

/** Connections as bars. Where nobody knows whether it was still there, the bar fades. */
export function Timeline(given: {
  readonly connections: readonly PastConnection[];
  readonly period: Period;
  readonly knownMs: number;
  readonly markMs: number | undefined;
}) {
  const { connections, period, knownMs, markMs } = given;
  const bars = timelineBars(connections, period, knownMs);
  const lanes = Math.max(1, ...bars.map(({ lane }) => lane + 1));
  const height = lanes * laneHeight;
  const mark = markMs === undefined ? undefined : (markMs - period.fromMs) / (period.toMs - period.fromMs);
  const ticks = timeTicks(period, 6, times().offsetMs(period.toMs));
  return (
    <figure class="timeline">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        height={height}
        role="img"
        aria-label={said(bars)}
      >
        <defs>
          {(['open', 'ended'] as const).map((kind) => (
            <linearGradient key={kind} id={`fades-${kind}`} class={`of-${kind}`}>
              <stop offset="0" class="full" />
              <stop offset="1" class="faded" />
            </linearGradient>
          ))}
        </defs>
        {ticks.map(({ atMs, place }) => (
          <line key={atMs} class="tick" x1={place * width} x2={place * width} y1={0} y2={height} />
        ))}
        {bars.map((bar) => (
          <g key={bar.connection['connection-id']} class={`bar ${bar.kind}`}>
            <title>{titleOf(bar)}</title>
            <rect
              class="sure"
              x={bar.begin * width}
              y={bar.lane * laneHeight + 4}
              width={Math.max(2, (bar.sureUntil - bar.begin) * width)}
              height={laneHeight - 8}
            />
            {bar.end > bar.sureUntil && (
              <rect
                class="unsure"
                fill={`url(#fades-${bar.kind === 'open' ? 'open' : 'ended'})`}
                x={bar.sureUntil * width}
                y={bar.lane * laneHeight + 4}
                width={(bar.end - bar.sureUntil) * width}
                height={laneHeight - 8}
              />
            )}
          </g>
        ))}
        {mark !== undefined && mark >= 0 && mark <= 1 && (
          <line class="mark" x1={mark * width} x2={mark * width} y1={0} y2={height} />
        )}
      </svg>
      <div class="ticks" aria-hidden="true">
        {ticks.map(({ atMs, place }) => (
          <span key={atMs} style={{ left: `${place * 100}%` }}>
            {shortTick(atMs, period)}
          </span>
        ))}
      </div>
      <figcaption class="hint">
        Where a bar fades, the device may have left already: no one could see. <Zone atMs={period.toMs} />.
      </figcaption>
    </figure>
  );
}

function shortTick(atMs: number, { fromMs, toMs }: Period): string {
  const short = times().short(atMs, atMs);
  if (toMs - fromMs <= 600_000) return short;
  const minutes = short.slice(0, 5);
  if (minutes !== '00:00' || toMs - fromMs < 86_400_000) return minutes;
  return times().day(atMs);
}

function titleOf({ connection }: Bar): string {
  const begin = times().full(Date.parse(connection['connected-at']));
  const { ending, state } = connection;
  if (ending)
    return `${begin} – ${times().full(Date.parse(ending.at))}: ${reasonInWords(ending.reason)}, ${certaintyInWords(ending)}`;
  return `${begin} – ${state === 'open' ? 'now' : 'not known'}`;
}

function said(bars: readonly Bar[]): string {
  if (bars.length === 0) return 'no connection';
  return `${bars.length === 1 ? '1 connection' : `${bars.length} connections`}; the table below has them`;
}
