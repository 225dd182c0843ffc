import type { Socket } from 'node:net';
import { createMinute } from '@rollcall/containment';
import type { Clock, Log } from '@rollcall/core/environment';
import { addressBlocks, createPlaces } from '@rollcall/core/sharing';

export interface BoundPeersOptions {
  /** Network connections at the same time. */
  readonly max: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A limited number of places for network connections. When all are taken, a connection that has not opened AMQP gives way:
 * the oldest one of the address block that has most of them.
 */
export interface BoundPeers {
  /** `undefined`: there is no place, and the socket was destroyed. Otherwise call the result once the peer has opened AMQP. */
  admit(socket: Socket): (() => void) | undefined;
  stop(): void;
}

export function createBoundPeers({ max, clock, log }: BoundPeersOptions): BoundPeers {
  const places = createPlaces<Socket>({ max });
  const addresses = new WeakMap<Socket, string>();
  let closed = 0;
  let lastBlock = '';
  const minute = createMinute(clock, () => {
    log.warn({ closed, lastFrom: lastBlock }, 'network connections were closed for want of room');
    closed = 0;
  });

  function turnAway(socket: Socket): void {
    closed += 1;
    lastBlock = addressBlocks(addresses.get(socket) ?? '').near;
    minute.begin();
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
    stop: () => minute.stop(),
  };
}
