import { Counter, type Registry } from 'prom-client';
import type { AdapterObserver } from '@rollcall/adapter-kit';
import { turnedAwayCauses } from '@rollcall/adapter-kit/internal';

/** What went wrong for one peer, and who had to give way. */
export function createFailureMetrics(registry: Registry): Pick<AdapterObserver, 'failed' | 'turnedAway'> {
  const registers = [registry];
  const failures = new Counter({
    name: 'rollcall_failures_contained_total',
    help: 'Errors while one peer was served, which cost that peer alone',
    labelNames: ['where'],
    registers,
  });
  const turnedAway = new Counter({
    name: 'rollcall_connections_turned_away_total',
    help: 'Network connections closed for want of room',
    labelNames: ['cause'],
    registers,
  });
  for (const cause of turnedAwayCauses) turnedAway.inc({ cause }, 0);
  return {
    failed: (where) => failures.inc({ where }),
    turnedAway: (cause) => turnedAway.inc({ cause }),
  };
}
