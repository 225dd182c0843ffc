import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HostContext } from '@rollcall/adapter-kit';

/** A request that waits for its answer. */
export interface PendingRequest {
  /** Called once: the answer was sent, or the connection is gone. */
  over(): void;
  /** The client closed its side. */
  hungUp(): void;
}

/** Requests that wait for their answer. */
export interface PendingRequests {
  /** @param pending hears what becomes of the request. */
  add(request: IncomingMessage, response: ServerResponse, pending: PendingRequest): void;
  /** Resolves when nothing is pending. */
  drained(): Promise<void>;
}

/** @param failed called with what `over` threw. */
export function createPendingRequests({ failed }: Pick<HostContext, 'failed'>): PendingRequests {
  const perSocket = new WeakMap<Socket, Set<PendingRequest>>();
  let count = 0;
  let wake = (): void => {};

  function openOn(socket: Socket): Set<PendingRequest> {
    const known = perSocket.get(socket);
    if (known) return known;
    const open = new Set<PendingRequest>();
    perSocket.set(socket, open);
    const endAll = (): void => {
      for (const each of open) end(each, open, socket);
    };
    // An answer that waits behind others in its connection hears nothing of the connection's end.
    socket.once('close', endAll);
    // Nor does one that can be sent no more: what came behind its request was malformed, and the adapter closed its side.
    socket.once('finish', endAll);
    socket.once('end', () => {
      for (const each of open) each.hungUp();
    });
    return open;
  }

  function end(pending: PendingRequest, open: Set<PendingRequest>, socket: Socket): void {
    if (!open.delete(pending)) return;
    count -= 1;
    try {
      pending.over();
    } catch (error) {
      failed('http: answered', error);
      socket.destroy();
    }
    if (count === 0) wake();
  }

  return {
    add({ socket }, response, pending) {
      const open = openOn(socket);
      open.add(pending);
      count += 1;
      // Node.js reports it once.
      response.on('close', () => end(pending, open, socket));
    },
    drained: () =>
      count === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            wake = resolve;
          }),
  };
}
