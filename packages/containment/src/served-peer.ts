import { AsyncLocalStorage } from 'node:async_hooks';

/** A peer that is being served: a network connection, or whoever sent a datagram. */
export interface ServedPeer {
  /** Serving it threw: tells of it, and ends what the peer has open. Never throws. */
  fail(error: unknown): void;
}

const serving = new AsyncLocalStorage<ServedPeer | undefined>();

/**
 * Works on behalf of one peer. What the work throws costs this peer alone. So does what is thrown later by whatever the work left
 * behind, in timers, promises and callbacks: it is known whose they are.
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

/** Works on behalf of all, although one peer was the cause: where that goes wrong, it is not this peer's loss alone. */
export function serveAll<Result>(work: () => Result): Result {
  return serving.run(undefined, work);
}

export function peerBeingServed(): ServedPeer | undefined {
  return serving.getStore();
}

/** After an exception that nobody caught Node.js leaves the peer of it in place, for whatever comes next. */
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
