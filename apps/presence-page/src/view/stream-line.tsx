import type { ComponentChildren } from 'preact';
import type { AsOf } from '../logic/answers.ts';
import { durationInWords } from '../logic/in-words.ts';
import type { Followed } from './hooks.ts';
import { Time } from './words.tsx';

/** From so much on, answers are old. */
const lagsFromMs = 5_000;

/**
 * Whether what is seen is what is: the state of the stream, and how far the service has read. Who listens to the page hears
 * the state when it is another one, and not each second how late it is.
 */
export function StreamLine(given: {
  readonly followed: Followed;
  readonly nowMs: number;
  readonly asOf: AsOf | undefined;
}) {
  const { kind, words, more } = said(given);
  return (
    <p class={`stream ${kind}`}>
      <i aria-hidden="true" /> <span role="status">{words}</span>
      {more}
    </p>
  );
}

interface Said {
  readonly kind: 'live' | 'lags' | 'lost' | '';
  readonly words: ComponentChildren;
  readonly more?: ComponentChildren;
}

function said({ followed, nowMs, asOf: asked }: Parameters<typeof StreamLine>[0]): Said {
  const { state, resumed } = followed;
  const asOf = later(asked, followed.asOf);
  const lag = asOf?.['lag-ms'] ?? 0;
  switch (state.name) {
    case 'lost': {
      const since = <Time atMs={state.sinceMs} nowMs={nowMs} />;
      const words = (
        <>
          Connection lost at {since}, {state.why}. Trying again. What you see is as it was then.
        </>
      );
      return { kind: 'lost', words };
    }
    case 'refused': {
      const words =
        state.status === 403
          ? 'The token is not for this tenant.'
          : `The service refused: status ${state.status}.`;
      return { kind: 'lost', words };
    }
    case 'live':
      if (asOf && asOf.at === null)
        return {
          kind: 'lags',
          words: 'The service has read no events yet: is its messaging network there?',
        };
      if (lag > lagsFromMs)
        return {
          kind: 'lags',
          words: 'The service lags: what happened of late is not shown yet.',
          more: ` It is ${durationInWords(lag)} late.`,
        };
      return {
        kind: 'live',
        words: resumed === undefined ? 'Live' : resumedInWords[resumed],
        more: asOf && <Reach asOf={asOf} nowMs={nowMs} />,
      };
    default:
      return { kind: '', words: 'Reading the devices …' };
  }
}

function Reach({ asOf, nowMs }: { readonly asOf: AsOf; readonly nowMs: number }) {
  return (
    <>
      {asOf.at !== null && (
        <>
          {' '}
          · as of <Time atMs={Date.parse(asOf.at)} nowMs={nowMs} />
        </>
      )}
      {!asOf.complete && (
        <>
          {' '}
          · Not complete before <Time atMs={Date.parse(asOf['complete-from'])} nowMs={nowMs} />: until then a
          device that is not shown may be connected
        </>
      )}
    </>
  );
}

const resumedInWords = {
  gapless: 'Connected again. Nothing was missed.',
  anew: 'Connected again. The devices were read anew.',
} as const;

function later(one: AsOf | undefined, other: AsOf | undefined): AsOf | undefined {
  if (!one || !other) return one ?? other;
  return (one.at ?? '') > (other.at ?? '') ? one : other;
}
