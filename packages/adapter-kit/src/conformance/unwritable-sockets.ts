import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

export const writeFailures = ['throws', 'EPERM', 'ENETUNREACH', 'EPIPE'] as const;

/** From now on nothing can be written to the sockets that servers of this process accept, until the result is called. */
export function makeSocketsUnwritable(failure: (typeof writeFailures)[number]): () => void {
  function take(message: unknown): void {
    const { socket } = message as { readonly socket: Socket };
    socket.write = () => {
      const error = Object.assign(new Error(`write ${failure}`), { code: failure });
      if (failure === 'throws') throw error;
      socket.destroy(error);
      return false;
    };
  }
  subscribe('net.server.socket', take);
  return () => void unsubscribe('net.server.socket', take);
}
