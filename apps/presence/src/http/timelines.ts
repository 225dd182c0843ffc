import type { Timeline, TimelineQuery } from '../store/presence-store.ts';
import { isoTime } from './as-of.ts';
import { badInput } from './problem.ts';
import { QueryReader } from './query-reader.ts';

const maxSteps = 500;
const shortestStepS = 1;
const longestStepS = 31 * 86_400;
const usualSteps = 120;
const usualPeriodMs = 86_400_000;

/** A period, and the steps in which it is counted. @throws Problem */
export function readTimelineQuery(text: string, nowMs: number): TimelineQuery {
  const query = new QueryReader(text, ['from', 'to', 'step']);
  const toMs = query.time('to') ?? nowMs;
  const fromMs = query.time('from') ?? toMs - usualPeriodMs;
  if (fromMs >= toMs) throw badInput('from', 'must be before to');
  const given = query.wholeNumber('step', shortestStepS, longestStepS);
  const stepMs = (given ?? Math.max(shortestStepS, Math.ceil((toMs - fromMs) / usualSteps / 1_000))) * 1_000;
  if ((toMs - fromMs) / stepMs > maxSteps) throw badInput('step', `makes more than ${maxSteps} steps`);
  return { fromMs, toMs, stepMs };
}

/** The answer, without what says how far it reaches. */
export function timelineJson(tenant: string, query: TimelineQuery, { points, endings }: Timeline): object {
  return {
    tenant,
    from: isoTime(query.fromMs),
    to: isoTime(query.toMs),
    'step-s': query.stepMs / 1_000,
    points: points.map(({ atMs, online, unknown }) => ({ at: isoTime(atMs), online, unknown })),
    endings,
  };
}
