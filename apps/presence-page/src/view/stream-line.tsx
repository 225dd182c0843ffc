import type { AsOf } from '../logic/answers.ts';
import { durationInWords } from '../logic/in-words.ts';
import type { Followed } from './hooks.ts';
import { Time } from './words.tsx';

/** From so much on, answers are old. */
const lagsFromMs = 5_000;

/** Whether what is seen is what is: the state of the stream, and how far the service has read. */
export function StreamLine(given: {
  readonly followed: Followed;
  readonly nowMs: number;
  readonly asOf: AsOf | undefined;
}) {
  const { followed, nowMs } = given;
  const { state, resumed } = followed;
  const asOf = later(given.asOf, followed.asOf);
  const lag = asOf?.['lag-ms'] ?? undefined;
  switch (state.name) {
    case 'lost':
      return (
        <p class="stream lost" role="status">
          <i aria-hidden="true" /> Connection lost at <Time atMs={state.sinceMs} nowMs={nowMs} />, {state.why}
          . Trying again. What you see is as it was then.
        </p>
      );
    case 'refused':
      return (
        <p class="stream lost" role="alert">
          <i aria-hidden="true" />{' '}
          {state.status === 403
            ? 'The token is not for this tenant.'
            : `The service refused: status ${state.status}.`}
        </p>
      );
    case 'live':
      if (asOf?.at == null && asOf !== undefined)
        return (
          <p class="stream lags" role="status">
            <i aria-hidden="true" /> The service has read no events yet: is its messaging network there?
          </p>
        );
      if (lag !== undefined && lag > lagsFromMs)
        return (
          <p class="stream lags" role="status">
            <i aria-hidden="true" /> The service lags by {durationInWords(lag)}: what happened since is not
            shown yet.
          </p>
        );
      return (
        <p class="stream live" role="status">
          <i aria-hidden="true" /> {resumed === undefined ? 'Live' : resumedInWords[resumed]}
          {asOf?.at != null && (
            <>
              {' '}
              · as of <Time atMs={Date.parse(asOf.at)} nowMs={nowMs} />
            </>
          )}
          {asOf && !asOf.complete && (
            <>
              {' '}
              · Not complete before <Time atMs={Date.parse(asOf['complete-from'])} nowMs={nowMs} />: until
              then a device that is not shown may be connected
            </>
          )}
        </p>
      );
    default:
      return (
        <p class="stream" role="status">
          <i aria-hidden="true" /> Reading the devices …
        </p>
      );
  }
}

const resumedInWords = {
  gapless: 'Connected again. Nothing was missed.',
  anew: 'Connected again. The devices were read anew.',
} as const;

function later(one: AsOf | undefined, other: AsOf | undefined): AsOf | undefined {
  if (!one || !other) return one ?? other;
  return (one.at ?? '') > (other.at ?? '') ? one : other;
}
