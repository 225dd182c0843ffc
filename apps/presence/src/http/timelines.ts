import type { Timeline, TimelineQuery } from '../store/presence-store.ts';
import type { ApiContext } from './api-context.ts';
import { isoTime, type AsOf } from './as-of.ts';
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

interface Counted {
  readonly timeline: Timeline;
  readonly asOf: AsOf;
}

const holdsMs = 10_000;
const maxHeld = 200;

/** Counting takes as long as there were connections: many who ask the same get one answer, and how far that one reaches. */
export class Timelines {
  readonly #context: Pick<ApiContext, 'clock' | 'store' | 'turns' | 'asOf'>;
  readonly #held = new Map<string, { readonly untilMs: number; readonly counted: Promise<Counted> }>();

  constructor(context: Pick<ApiContext, 'clock' | 'store' | 'turns' | 'asOf'>) {
    this.#context = context;
  }

  of(tenant: string, query: TimelineQuery): Promise<Counted> {
    const key = `${query.fromMs} ${query.toMs} ${query.stepMs} ${tenant}`;
    const nowMs = this.#context.clock.monotonic();
    const known = this.#held.get(key);
    if (known && known.untilMs > nowMs) return known.counted;
    const counted = this.#count(tenant, query);
    this.#held.delete(key);
    this.#held.set(key, { untilMs: nowMs + holdsMs, counted });
    const [oldest] = this.#held.keys();
    if (this.#held.size > maxHeld && oldest !== undefined) this.#held.delete(oldest);
    // Whoever asks next tries again.
    counted.catch(() => {
      if (this.#held.get(key)?.counted === counted) this.#held.delete(key);
    });
    return counted;
  }

  async #count(tenant: string, query: TimelineQuery): Promise<Counted> {
    const { store, turns, asOf } = this.#context;
    const reached = asOf();
    return { timeline: await turns.take(tenant, () => store.timeline(tenant, query)), asOf: reached };
  }
}

/** The answer, without how far it reaches. */
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
