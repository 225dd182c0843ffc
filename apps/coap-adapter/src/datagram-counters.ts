import type { HostContext } from '@rollcall/adapter-kit';

/** Datagrams that were dropped unread, since the adapter started. */
export interface DatagramCounters {
  readonly dropped: Record<'port-0', number>;
}

/** For all ports of an adapter, and for `/metrics`. */
export function countDatagrams({ metrics }: Pick<HostContext, 'metrics'>): DatagramCounters {
  const counters: DatagramCounters = { dropped: { 'port-0': 0 } };
  metrics.counter(
    {
      name: 'rollcall_datagrams_dropped_total',
      help: 'Datagrams from port 0, which cannot be answered, and were dropped',
      label: 'cause',
    },
    () => counters.dropped,
  );
  return counters;
}
