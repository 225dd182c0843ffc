import type { Socket } from 'node:net';
import type { SocketPlace } from '@rollcall/adapter-kit/listening';

/** How much network connections are worth, from request to request: those that never proved who they are give way first. */
export interface SocketStanding {
  add(socket: Socket, place: SocketPlace): void;
  /** A request waits for us. */
  busy(socket: Socket): void;
  /** It waits for the rest of its body; its device proved who it is. */
  proved(socket: Socket, bodyArrived: boolean): void;
  /** The request is over. */
  over(socket: Socket): void;
}

export function createSocketStanding(): SocketStanding {
  const known = new WeakMap<Socket, { readonly place: SocketPlace; proved: boolean }>();
  return {
    add(socket, place) {
      known.set(socket, { place, proved: false });
    },
    busy(socket) {
      known.get(socket)?.place.stand('busy');
    },
    proved(socket, bodyArrived) {
      const entry = known.get(socket);
      if (!entry) return;
      entry.proved = true;
      if (!bodyArrived) entry.place.stand('idle');
    },
    over(socket) {
      const entry = known.get(socket);
      entry?.place.stand(entry.proved ? 'idle' : 'silent');
    },
  };
}
