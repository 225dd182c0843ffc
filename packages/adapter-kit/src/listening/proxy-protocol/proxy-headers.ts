import { afterReading } from '../../arrival/after-reading.ts';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '@rollcall/core/environment';
import type { AddressRanges } from '@rollcall/options/internal';
import { keepWait } from '../../arrival/accept-queue.ts';
import { remoteIpOf, standFor } from '../../peers/peer-address.ts';
import { readProxyHeader, type ProxyHeader } from './read-proxy-header.ts';

/**
 * Why a connection was ended at its first bytes: a header came from a peer that is not one of our balancers, a balancer sent none, one
 * that is none, or none in time.
 */
export type ProxyHeaderRefusal = 'untrusted' | 'missing' | 'malformed' | 'late';

export interface ProxyHeadersOptions {
  /** Balancers, whose connections begin with a header. */
  readonly trusted: AddressRanges;
  /** Time that a header may take. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  refused(cause: ProxyHeaderRefusal, remoteIp: string): void;
}

/** The first bytes of connections, where some of them come through balancers. */
export interface ProxyHeaders {
  /** Whether this connection comes from a balancer whose header has not been read yet. */
  isFromBalancer(socket: Socket): boolean;
  /**
   * Reads the header, before anything else is read. `begun` is called once it is known whose connection it is: then
   * `peerAddress` and `remoteIpOf` say who. Else the socket is destroyed.
   */
  begin(socket: Socket, begun: () => void): void;
}

export function createProxyHeaders({
  trusted,
  timeoutMs,
  clock,
  refused,
}: ProxyHeadersOptions): ProxyHeaders {
  const isFromBalancer = (socket: Socket): boolean => trusted.has(socket.remoteAddress ?? '');

  /** What a header, or its absence, means; `undefined`: more must come. */
  function judge(header: ProxyHeader, fromBalancer: boolean): ProxyHeaderRefusal | 'fine' | undefined {
    if (header.status === 'incomplete') return undefined;
    if (fromBalancer) {
      if (header.status === 'absent') return 'missing';
      return header.status === 'malformed' ? 'malformed' : 'fine';
    }
    return header.status === 'absent' ? 'fine' : 'untrusted';
  }

  return {
    isFromBalancer,
    begin(socket, begun) {
      const fromBalancer = isFromBalancer(socket);
      let held: Buffer = Buffer.alloc(0);
      const disarm = afterReading(clock, timeoutMs, () =>
        // A peer that sends nothing is like any other silent peer.
        held.length === 0 && !fromBalancer ? socket.destroy() : refuse('late'),
      );

      function refuse(cause: ProxyHeaderRefusal): void {
        refused(cause, remoteIpOf(socket));
        socket.destroy();
      }

      function stop(): void {
        disarm();
        socket.off('readable', read);
        socket.off('end', ended);
        socket.off('close', stop);
      }

      function ended(): void {
        socket.destroy();
      }

      function read(): void {
        for (let chunk: unknown = socket.read(); chunk instanceof Buffer; chunk = socket.read())
          held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
        const header = readProxyHeader(held);
        const verdict = held.length === 0 ? undefined : judge(header, fromBalancer);
        if (verdict === undefined) return;
        stop();
        if (verdict !== 'fine') {
          refuse(verdict);
          return;
        }
        if (header.status === 'complete' && header.peer) standFor(socket, header.peer);
        const rest = header.status === 'complete' ? held.subarray(header.length) : held;
        if (rest.length > 0) socket.unshift(rest);
        const restoreWait = keepWait(socket);
        // In this turn the stream still takes a listener for `readable` as waiting, and would not call the next one.
        void nextTurn().then(() => {
          if (socket.destroyed) return;
          restoreWait();
          begun();
        });
      }

      // What serves it listens to errors itself.
      socket.on('error', () => {});
      socket.on('readable', read);
      socket.once('end', ended);
      socket.once('close', stop);
    },
  };
}
