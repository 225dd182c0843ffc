import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HostContext } from '@rollcall/adapter-kit';
import { containSocket, peerBeingServed, servedPeer } from '@rollcall/containment';

/** Requests that wait for their answer. */
export interface PendingRequests {
  /**
   * Takes a request in. `over` is called once: when the answer is sent, or when the connection is gone. `hungUp` is called when the
   * client closes its side.
   */
  add(request: IncomingMessage, response: ServerResponse, over: () => void, hungUp: () => void): void;
  /** Resolves when nothing is pending. */
  drained(): Promise<void>;
}

/** @param failed called with what `over` threw. */
export function createPendingRequests({ failed }: Pick<HostContext, 'failed'>): PendingRequests {
  const perSocket = new WeakMap<Socket, Map<() => void, () => void>>();
  let pending = 0;
  let wake = (): void => {};

  function openOn(socket: Socket): Map<() => void, () => void> {
    const known = perSocket.get(socket);
    if (known) return known;
    const open = new Map<() => void, () => void>();
    perSocket.set(socket, open);
    // An answer that waits behind others in its connection hears nothing of the connection's end.
    socket.once('close', () => {
      for (const done of open.keys()) done();
    });
    socket.once('end', () => {
      for (const hungUp of open.values()) hungUp();
    });
    return open;
  }

  return {
    add({ socket }, response, over, hungUp) {
      const open = openOn(socket);
      const done = (): void => {
        if (!open.delete(done)) return;
        pending -= 1;
        try {
          over();
        } catch (error) {
          failed('http: answered', error);
          socket.destroy();
        }
        if (pending === 0) wake();
      };
      open.set(done, hungUp);
      // When an answer is sent, Node.js writes the next one, beside all that the connection reports. It is the peer of the
      // connection that is being served: to make one for each request, and a place for it, would cost ten times as much.
      containSocket(response, peerBeingServed() ?? servedPeer('http', failed, () => socket.destroy()));
      pending += 1;
      response.once('close', done);
    },
    drained: () =>
      pending === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            wake = resolve;
          }),
  };
}
