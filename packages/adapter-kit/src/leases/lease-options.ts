import type { ConfigProblem } from '@rollcall/core';
import { configProblem, option, variableOf, type Options, type ValuesOf } from '@rollcall/options';
import { flag, milliseconds } from '@rollcall/options/formats';
import type { LeaseSettings } from '@rollcall/presence/leases';

/** Options of the adapters whose protocol has no connections. */
export const leaseOptions = {
  leaseIntervalMs: option(
    'LEASE_INTERVAL',
    milliseconds,
    '600000',
    'ms that a request stands for the presence of a device of which nothing is declared or learned yet',
  ),
  leaseMinIntervalMs: option(
    'LEASE_MININTERVAL',
    milliseconds,
    '30000',
    'least interval, in ms, that is learned',
  ),
  leaseMaxIntervalMs: option(
    'LEASE_MAXINTERVAL',
    milliseconds,
    '86400000',
    'greatest interval, in ms, that is learned',
  ),
  leaseTtdGraceMs: option(
    'LEASE_TTDGRACE',
    milliseconds,
    '10000',
    'ms that a device stays present beyond the time it said it waits for a command (`hono-ttd`)',
  ),
  leaseEndAtShutdown: option(
    'LEASE_ENDATSHUTDOWN',
    flag,
    'false',
    'whether devices are disconnected when the adapter stops: `true` where it does not come back (scale-in)',
  ),
} as const satisfies Options;

type LeaseValues = ValuesOf<typeof leaseOptions>;

/** What is wrong with the values taken together. */
export function leaseProblems({
  leaseMinIntervalMs,
  leaseMaxIntervalMs,
}: LeaseValues): readonly ConfigProblem[] {
  return leaseMinIntervalMs > leaseMaxIntervalMs
    ? [
        configProblem({
          options: ['LEASE_MININTERVAL'],
          text: `must not be more than ${variableOf('LEASE_MAXINTERVAL')}`,
        }),
      ]
    : [];
}

export function leaseSettings(values: LeaseValues): LeaseSettings {
  return {
    defaultMs: values.leaseIntervalMs,
    minLearnedMs: values.leaseMinIntervalMs,
    maxLearnedMs: values.leaseMaxIntervalMs,
    ttdGraceMs: values.leaseTtdGraceMs,
  };
}
