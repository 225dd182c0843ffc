import type { Settled, settleJournal } from '@rollcall/adapter-process/internal';
import { systemClock as clock, systemRandom as random } from '@rollcall/core/environment';
import { eventsSinkTo } from '../network/events-sink-to.ts';
import type { Destination } from '../network/reach.ts';
import { terminalLog } from '../terminal/terminal-log.ts';
import { teller } from '../terminal/terminal.ts';

/** How long the network may take to confirm everything. */
const confirmedWithinMs = 30_000;

/** What is needed to send events on behalf of an adapter. */
export function settlingEnvironment(to: Destination): Parameters<typeof settleJournal>[2] {
  const tell = teller(process.stderr);
  return {
    sink: eventsSinkTo(to, tell),
    clock,
    random,
    log: terminalLog(tell),
    withinMs: confirmedWithinMs,
  };
}

/** The outcome, for people. */
export function settledInWords({ delivered, parked, left }: Settled): string {
  return [
    `${delivered} ${delivered === 1 ? 'event' : 'events'} delivered`,
    ...(parked > 0 ? [`${parked} refused`] : []),
    ...(left > 0 ? [`${left} not confirmed within ${confirmedWithinMs / 1_000} s`] : []),
  ].join(', ');
}

/** The exit status of the process. */
export function settledStatus({ parked, left }: Settled): number {
  return parked + left > 0 ? 1 : 0;
}
