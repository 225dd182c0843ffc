import { printable } from '@rollcall/core/text';
import type { Status } from '../logic/answers.ts';
import { timesIn } from '../logic/times.ts';

export const times = timesIn();

/** A text of others: shown as it is, character by character, and its direction ends with it. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi>{printable(text)}</bdi>;
}

export function Time({ atMs, nowMs }: { readonly atMs: number; readonly nowMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={times.full(atMs)}>
      {times.short(atMs, nowMs)}
    </time>
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
