import type { AsOf, CountsOverTime } from '../logic/answers.ts';
import { durationInWords, reasonInWords } from '../logic/in-words.ts';
import type { Change, Route } from '../logic/route.ts';
import { drawnFrom, isBeforeCoverage, knownFrom } from '../logic/seen-counts.ts';
import { useAsked, useLast, useNow } from './hooks.ts';
import { OnlineChart } from './online-chart.tsx';
import { tenantPath } from './service.ts';
import { Spans } from './spans.tsx';
import { FollowedSince, KeptSince, Zone } from './words.tsx';

const number = new Intl.NumberFormat('en');

/** How many devices were online, and why connections ended. */
export function OverTime({
  tenant,
  route,
  change,
  asOf,
}: {
  readonly tenant: string;
  readonly route: Route;
  readonly change: Change;
  /** How far the service reaches; absent: that was not read yet. */
  readonly asOf: AsOf | undefined;
}) {
  // Pages that are open at the same time ask the same: the service counts once.
  const nowMs = Math.floor(useNow(5_000) / 10_000) * 10_000;
  const { spanS } = route;
  const chosenMs = nowMs - spanS * 1_000;
  const fromMs = drawnFrom(nowMs, spanS, asOf && Date.parse(asOf['covered-since']));
  const path = asOf && countsPath(tenant, fromMs, nowMs, 120);
  const answer = useLast(useAsked<CountsOverTime>(path, undefined).answer, spanS);
  const keptMs = answer && droppedUntil(answer);
  // What an adapter kept for the service ended before that followed the events, and is known.
  const wholePath = fromMs === chosenMs ? undefined : asOf && countsPath(tenant, chosenMs, nowMs, 1);
  const whole = useLast(useAsked<CountsOverTime>(wholePath, undefined).answer, wholePath && spanS);
  return (
    <>
      <section class="card" aria-label="Online over time">
        <div class="head">
          <h2>Online over time</h2>
          <Spans spanS={spanS} change={change} />
        </div>
        <OnlineChart counts={answer} />
        <p class="hint">
          <Zone atMs={nowMs} />
        </p>
        {answer && isBeforeCoverage(chosenMs, answer['as-of']) && (
          <FollowedSince asOf={answer['as-of']} nowMs={nowMs} />
        )}
        {keptMs !== undefined && chosenMs < keptMs && <KeptSince atMs={keptMs} nowMs={nowMs} />}
      </section>
      <section class="card" aria-label="Why connections ended">
        <h2>Why connections ended</h2>
        <p class="hint">In the last {durationInWords(spanS * 1_000)}</p>
        <Endings endings={(whole ?? answer)?.endings} chosen={route.ended} change={change} />
      </section>
    </>
  );
}

/** Since when all connections are kept, if that is less than what the service could know. */
function droppedUntil(answer: CountsOverTime): number | undefined {
  const knownMs = knownFrom(answer);
  return knownMs > Date.parse(answer['as-of']['covered-since']) ? knownMs : undefined;
}

function countsPath(tenant: string, fromMs: number, toMs: number, steps: number): string {
  const query = new URLSearchParams({
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    step: String(Math.ceil((toMs - fromMs) / (steps * 1_000))),
  });
  return tenantPath(tenant, `timeline?${query}`);
}

function Endings(given: {
  readonly endings: Readonly<Record<string, number>> | undefined;
  readonly chosen: string | undefined;
  readonly change: Change;
}) {
  const { endings = {}, chosen, change } = given;
  const all = Object.entries(endings).toSorted(([, one], [, other]) => other - one);
  const most = all[0]?.[1] ?? 1;
  if (all.length === 0) return <p class="hint">None did in this time.</p>;
  return (
    <>
      <ul class="endings">
        {all.map(([reason, count]) => (
          <li key={reason}>
            <button
              type="button"
              aria-pressed={chosen === reason}
              title={`${reason}: show who left so`}
              onClick={() => change({ ended: chosen === reason ? undefined : reason })}
            >
              <span class="words">{reasonInWords(reason)}</span>
              <meter min={0} max={most} value={count} aria-hidden="true" />
              <b>{number.format(count)}</b>
            </button>
          </li>
        ))}
      </ul>
      <p class="hint">
        <button class="link" type="button" onClick={() => change({ ended: '*' })}>
          Show all who left
        </button>
      </p>
    </>
  );
}
