import { AsyncLocalStorage } from 'node:async_hooks';

/** A peer that is being served: the other end of a network connection, or the sender of a datagram. */
export interface ServedPeer {
  /** Serving it threw: reports the error, and ends what the peer has open. Never throws. */
  fail(error: unknown): void;
}

const serving = new AsyncLocalStorage<ServedPeer | undefined>();

/**
 * Works on behalf of one peer. If the work throws, this peer alone is ended. The same holds for timers, promises and callbacks that
 * the work leaves behind: Node.js knows for which peer they were made.
 */
export function servePeer(peer: ServedPeer, work: () => void): void {
  serving.run(peer, () => {
    try {
      work();
    } catch (error) {
      peer.fail(error);
    }
  });
}

/** Works on behalf of all peers, although one of them was the cause: an exception does not end that peer. */
export function serveAll<Result>(work: () => Result): Result {
  return serving.run(undefined, work);
}

export function peerBeingServed(): ServedPeer | undefined {
  return serving.getStore();
}

/** After an uncaught exception, Node.js would go on as if its peer were still being served. */
export function forgetPeerBeingServed(): void {
  serving.enterWith(undefined);
}

/** @param end ends what the peer has open; may be called more than once. */
export function servedPeer(
  where: string,
  failed: (where: string, error: unknown) => void,
  end: () => void,
): ServedPeer {
  return {
    fail(error) {
      failed(where, error);
      try {
        end();
      } catch (second) {
        failed(where, second);
      }
    },
  };
}
