import type { Timeline, TimelineQuery } from '../presence-store.ts';

/** How the number of devices changes in one step. Step 0 has the devices that were there at the beginning. */
export interface StepRow {
  readonly is_silent: number;
  readonly step: number;
  readonly change: number;
}

export interface EndingRow {
  readonly reason: string;
  readonly count: number;
}

/**
 * Counts devices, not connections: only the first connection that a device opens and the last that it ends change the number.
 *
 * @param spans SQL that selects connections, with the columns `device`, `begin`, `finish` (or NULL) and `is_silent` (0 or 1).
 */
export function stepsFrom(spans: string, from: string, step: string): string {
  return `WITH spans AS (${spans}),
    changes AS (
      SELECT device, is_silent, begin AS at, 1 AS change FROM spans
      UNION ALL SELECT device, is_silent, finish, -1 FROM spans WHERE finish IS NOT NULL),
    running AS (
      SELECT is_silent, at, change, sum(change) OVER (
        PARTITION BY device, is_silent ORDER BY at, change DESC ROWS UNBOUNDED PRECEDING) AS open FROM changes)
    SELECT is_silent, CASE WHEN at <= ${from} THEN 0 ELSE (at - ${from} + ${step} - 1) / ${step} END AS step,
      sum(change) AS change
    FROM running WHERE (change = 1 AND open = 1) OR (change = -1 AND open = 0) GROUP BY 1, 2`;
}

export function timelineOf(
  { fromMs, toMs, stepMs }: TimelineQuery,
  steps: readonly StepRow[],
  endings: readonly EndingRow[],
): Timeline {
  const last = Math.floor((toMs - fromMs) / stepMs);
  const changes = [0, 1].map((silent) => {
    const byStep = Array.from({ length: last + 1 }, () => 0);
    for (const { is_silent, step, change } of steps)
      if (is_silent === silent && step <= last) byStep[step] = (byStep[step] ?? 0) + change;
    return byStep;
  });
  let [online, unknown] = [0, 0];
  const points = Array.from({ length: last + 1 }, (_, step) => {
    online += changes[0]?.[step] ?? 0;
    unknown += changes[1]?.[step] ?? 0;
    return { atMs: fromMs + step * stepMs, online, unknown };
  });
  return { points, endings: Object.fromEntries(endings.map(({ reason, count }) => [reason, count])) };
}
