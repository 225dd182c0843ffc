import type { PastConnection } from './answers.ts';

/** A connection on the timeline. Places are parts of its width, from 0 to 1. */
export interface Bar {
  readonly connection: PastConnection;
  readonly begin: number;
  /** It was certainly open until here. */
  readonly sureUntil: number;
  /** It was certainly over from here on; between the two, nobody knows. */
  readonly end: number;
  /** Whether it began before the timeline. */
  readonly isCut: boolean;
  readonly kind: 'open' | 'ended' | 'unknown';
  /** 0 is the first one; connections at the same time stand in different ones. */
  readonly lane: number;
}

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

const maxLanes = 6;

/** @param knownMs until when the service knows: what is open may have gone silent before, and not been noticed. */
export function timelineBars(
  connections: readonly PastConnection[],
  { fromMs, toMs }: Period,
  knownMs: number,
): readonly Bar[] {
  const place = (atMs: number): number => Math.max(0, Math.min(1, (atMs - fromMs) / (toMs - fromMs)));
  const laneEnds: number[] = [];
  return connections
    .map((connection) => ({ connection, ...spanOf(connection, knownMs) }))
    .filter(({ beginMs, endMs }) => beginMs <= toMs && endMs >= fromMs)
    .toSorted((one, other) => one.beginMs - other.beginMs)
    .map(({ connection, beginMs, sureMs, endMs }) => {
      const free = laneEnds.findIndex((laneEnd) => laneEnd <= beginMs);
      const lane = Math.min(free === -1 ? laneEnds.length : free, maxLanes - 1);
      laneEnds[lane] = endMs;
      return {
        connection,
        begin: place(beginMs),
        sureUntil: place(sureMs),
        end: place(endMs),
        isCut: beginMs < fromMs,
        kind: connection.state,
        lane,
      };
    });
}

interface Span {
  readonly beginMs: number;
  readonly sureMs: number;
  readonly endMs: number;
}

function spanOf(connection: PastConnection, knownMs: number): Span {
  const beginMs = Date.parse(connection['connected-at']);
  const span = (sureMs: number, endMs: number): Span => ({
    beginMs,
    sureMs: Math.min(endMs, Math.max(beginMs, sureMs)),
    endMs: Math.max(beginMs, endMs),
  });
  const { ending } = connection;
  if (ending) return span(Date.parse(ending['left-between'].from), Date.parse(ending['left-between'].to));
  const takenOverAt = connection['taken-over-at'];
  if (takenOverAt !== undefined) return span(beginMs, Date.parse(takenOverAt));
  if (connection.state === 'unknown') return span(beginMs, knownMs);
  const within = connection.basis['detect-within-ms'];
  return span(within === null ? beginMs : knownMs - within, knownMs);
}

const stepsS = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

/** Round times to be written under a timeline, and where. @param offsetMs of the time zone: days begin at its midnight. */
export function timeTicks(
  { fromMs, toMs }: Period,
  most: number,
  offsetMs = 0,
): readonly { readonly atMs: number; readonly place: number }[] {
  const stepMs = (stepsS.find((step) => (toMs - fromMs) / (step * 1_000) <= most) ?? 2_592_000) * 1_000;
  const first = Math.ceil((fromMs + offsetMs) / stepMs) * stepMs - offsetMs;
  const ticks: { readonly atMs: number; readonly place: number }[] = [];
  for (let atMs = first; atMs <= toMs; atMs += stepMs)
    ticks.push({ atMs, place: (atMs - fromMs) / (toMs - fromMs) });
  return ticks;
}
