import type { Log } from '@rollcall/core/environment';
import type { kitOptions } from '../config/kit-options.ts';
import type { ValuesOf } from '@rollcall/options';
import type { ProtocolAdapter } from '@rollcall/adapter-kit';

interface Drained {
  readonly adapter: Pick<ProtocolAdapter, 'presence'>;
  readonly maxConnections: number;
}

/** Tells at the start what a stop cannot do as it is configured. */
export function tellOfDrain(
  { adapter, maxConnections }: Drained,
  {
    drainPerSecond,
    shutdownGraceMs,
  }: Pick<ValuesOf<typeof kitOptions>, 'drainPerSecond' | 'shutdownGraceMs'>,
  log: Log,
): void {
  if (drainPerSecond === 0) return;
  if (adapter.presence === 'lease') {
    log.info({}, 'ROLLCALL_ADAPTER_DRAINRATE: there are leases here, and no sessions that could be drained');
    return;
  }
  const reached = Math.floor((drainPerSecond * shutdownGraceMs) / 1_000);
  if (reached >= maxConnections) return;
  log.warn(
    { reached, maxConnections },
    'ROLLCALL_ADAPTER_DRAINRATE and ROLLCALL_ADAPTER_SHUTDOWNGRACE cannot reach the greatest number of connections: ' +
      'the rest is closed at once when that time is over',
  );
}
