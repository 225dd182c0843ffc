import { printable } from '@rollcall/core/text';
import { useMemo } from 'preact/hooks';
import type { AsOf, Status } from '../logic/answers.ts';
import { times, utc } from './zone.ts';

/** A text of others: shown as it is, character by character, and its direction ends with it. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi>{printable(text)}</bdi>;
}

export function Time({ atMs, nowMs }: { readonly atMs: number; readonly nowMs: number }) {
  const { isUtc } = times();
  // What is written changes with the day; a list of times is drawn again several times a second.
  const [title, text] = useMemo(
    () => [isUtc ? utc.full(atMs) : `${times().full(atMs)} · ${utc.full(atMs)}`, times().short(atMs, nowMs)],
    [atMs, Math.floor(nowMs / 60_000), isUtc],
  );
  return (
    <time dateTime={new Date(atMs).toISOString()} title={title}>
      {text}
    </time>
  );
}

/** From when on the service can say what was. */
export function FollowedSince({ asOf, nowMs }: { readonly asOf: AsOf; readonly nowMs: number }) {
  return (
    <p class="hint">
      The service follows the events since <Time atMs={Date.parse(asOf['covered-since'])} nowMs={nowMs} />. Of
      the time before, not all is known.
    </p>
  );
}

/** From when on counts are whole, where the service followed the events for longer. */
export function KeptSince({ atMs, nowMs }: { readonly atMs: number; readonly nowMs: number }) {
  return (
    <p class="hint">
      The service has all connections since <Time atMs={atMs} nowMs={nowMs} />. Of the time before, it dropped
      those that ended.
    </p>
  );
}

export function StatusDot({ status }: { readonly status: Status }) {
  return (
    <span class={`status ${status}`}>
      <i aria-hidden="true" />
      {status}
    </span>
  );
}

/** Which clock the times beside it are of. */
export function Zone({ atMs }: { readonly atMs: number }) {
  return <span class="zone">Times in {times().zone(atMs)}</span>;
}
