import type { Socket } from 'node:net';
import { createPlaces, type Standing } from '@rollcall/core/sharing';
import { remoteIpOf } from './peer-address.ts';
import type { TurnedAwayCause } from '../turned-away-cause.ts';

/** The place of a network connection until its device has logged in. */
export interface SocketPlace {
  /** How much it is worth now; it begins as `silent`. */
  stand(standing: Standing): void;
  /** The device has logged in: it needs no place any more. */
  accepted(): void;
}

export interface PendingSocketsOptions {
  readonly max: number;
  turnedAway(cause: TurnedAwayCause, remoteIp: string): void;
}

/** Network connections that have not been accepted: bounded in all, and per block of addresses. */
export interface PendingSockets {
  /**
   * @param block among which it counts: that of its address, unless told otherwise.
   * @returns `undefined`: there is no place, and the socket was destroyed.
   */
  take(socket: Socket, block?: string): SocketPlace | undefined;
  destroyAll(): void;
}

interface Pending {
  readonly socket: Socket;
  readonly remoteIp: string;
  standing: Standing;
}

export function createPendingSockets({ max, turnedAway }: PendingSocketsOptions): PendingSockets {
  const places = createPlaces<Pending>({ max });
  const all = new Set<Pending>();

  function free(pending: Pending): void {
    places.free(pending);
    all.delete(pending);
  }

  function turnAway(loser: Pending): void {
    all.delete(loser);
    turnedAway(loser.standing === 'idle' ? 'idle' : 'pending', loser.remoteIp);
    loser.socket.destroy();
  }

  return {
    take(socket, block) {
      const remoteIp = remoteIpOf(socket);
      // It is gone already.
      if (remoteIp === '') {
        socket.destroy();
        return undefined;
      }
      const pending: Pending = { socket, remoteIp, standing: 'silent' };
      const loser = places.take(pending, block ?? remoteIp);
      if (loser) turnAway(loser);
      if (loser === pending) return undefined;
      all.add(pending);
      socket.once('close', () => free(pending));
      return {
        stand(standing) {
          pending.standing = standing;
          places.stand(pending, standing);
        },
        accepted: () => free(pending),
      };
    },
    destroyAll() {
      for (const { socket } of all) socket.destroy();
    },
  };
}
