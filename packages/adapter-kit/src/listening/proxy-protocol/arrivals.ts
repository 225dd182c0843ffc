import type { Socket } from 'node:net';
import type { AddressRanges } from '@rollcall/options/internal';
import type { HostContext } from '../../protocol-adapter.ts';
import { createRefusalReport } from '@rollcall/access';
import { remoteIpOf } from '../../peers/peer-address.ts';
import type { PendingSockets, SocketPlace } from '../../peers/pending-sockets.ts';
import { createProxyHeaders, type ProxyHeaderRefusal } from './proxy-headers.ts';

export interface ArrivalsOptions {
  readonly pending: PendingSockets;
  /** Absent: no connection begins with a header. */
  readonly balancers: AddressRanges | undefined;
  readonly headerTimeoutMs: number;
  readonly context: Pick<HostContext, 'clock' | 'log' | 'metrics'>;
}

/** New network connections, until the adapter knows their peer and they have a place. */
export interface Arrivals {
  arrive(socket: Socket, serve: (place: SocketPlace) => void): void;
  stop(): void;
}

/**
 * Connections that come through a balancer take their places once their headers have named the peer. Until then each counts among
 * all that wait, and not among those of its address: that address is the balancer's, so all devices would share it.
 */
export function createArrivals({ pending, balancers, headerTimeoutMs, context }: ArrivalsOptions): Arrivals {
  if (!balancers)
    return {
      arrive(socket, serve) {
        const place = pending.take(socket);
        if (place) serve(place);
      },
      stop() {},
    };

  const refusals: Record<ProxyHeaderRefusal, number> = { untrusted: 0, missing: 0, malformed: 0, late: 0 };
  const report = createRefusalReport(context, 'PROXY protocol');
  context.metrics.counter(
    {
      name: 'rollcall_proxy_headers_refused_total',
      help: 'Network connections closed for their PROXY protocol header, or for want of one',
      label: 'cause',
    },
    () => refusals,
  );
  const headers = createProxyHeaders({
    trusted: balancers,
    timeoutMs: headerTimeoutMs,
    clock: context.clock,
    refused(cause, remoteIp) {
      refusals[cause] += 1;
      report.refused(cause, remoteIp);
    },
  });
  let arrived = 0;

  return {
    arrive(socket, serve) {
      const address = remoteIpOf(socket);
      const block = headers.isFromBalancer(socket) ? `through a balancer ${arrived++}` : undefined;
      const place = pending.take(socket, block);
      if (!place) return;
      headers.begin(socket, () => {
        if (remoteIpOf(socket) === address) {
          serve(place);
          return;
        }
        place.accepted();
        const own = pending.take(socket);
        if (own) serve(own);
      });
    },
    stop: () => report.stop(),
  };
}
