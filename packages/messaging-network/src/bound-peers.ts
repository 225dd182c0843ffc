import type { Socket } from 'node:net';
import { addressBlocks, createPlaces, later, type Clock, type Log } from '@rollcall/core';

export interface BoundPeersOptions {
  /** Network connections at a time. */
  readonly max: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Network connections have so many places. Where none is left, one that has not opened AMQP gives way, the oldest of the address
 * block with most of them.
 */
export interface BoundPeers {
  /** `undefined`: there is no place, and the socket was destroyed. Else to be called once the peer has opened. */
  admit(socket: Socket): (() => void) | undefined;
  stop(): void;
}

const tellEveryMs = 60_000;

export function createBoundPeers({ max, clock, log }: BoundPeersOptions): BoundPeers {
  const places = createPlaces<Socket>({ max });
  const addresses = new WeakMap<Socket, string>();
  let closed = 0;
  let lastBlock = '';
  let disarm: (() => void) | undefined;

  function tell(): void {
    disarm = undefined;
    log.warn({ closed, lastFrom: lastBlock }, 'network connections were closed for want of room');
    closed = 0;
  }

  function turnAway(socket: Socket): void {
    closed += 1;
    lastBlock = addressBlocks(addresses.get(socket) ?? '').near;
    disarm ??= clock.at(later(clock.monotonic(), tellEveryMs), tell);
    socket.destroy();
  }

  return {
    admit(socket) {
      const address = socket.remoteAddress ?? '';
      addresses.set(socket, address);
      const loser = places.take(socket, address);
      if (loser) turnAway(loser);
      if (loser === socket) return undefined;
      socket.once('close', () => places.free(socket));
      return () => places.stand(socket, 'busy');
    },
    stop() {
      disarm?.();
    },
  };
}
