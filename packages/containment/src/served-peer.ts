import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

/** A peer that is being served: the other end of a network connection, or the sender of a datagram. */
export interface ServedPeer {
  /** Serving it threw: reports the error, and ends what the peer has open. Never throws. */
  fail(error: unknown): void;
  /** Where it is served, once it was: see {@link servePeer}. */
  place?: AsyncResource;
}

const serving = new AsyncLocalStorage<ServedPeer | undefined>();

/**
 * To enter a place that was made before costs a twentieth of what `serving.run` does, which makes two maps of all that is known of
 * the present context; and a peer is served some ten times between its connect and its end.
 */
const nobodys = placeOf(undefined);

function placeOf(peer: ServedPeer | undefined): AsyncResource {
  return serving.run(peer, () => new AsyncResource('ServedPeer'));
}

/**
 * Works on behalf of one peer. If the work throws, this peer alone is ended. The same holds for timers, promises and callbacks that
 * the work leaves behind: Node.js knows for which peer they were made.
 */
export function servePeer(peer: ServedPeer, work: () => void): void {
  callForPeer(peer, work, []);
}

/** As {@link servePeer}: calls `work` with `args`. The result is `undefined` where it threw. */
export function callForPeer<Args extends readonly unknown[], Result>(
  peer: ServedPeer,
  work: (...args: Args) => Result,
  args: Args,
): Result | undefined {
  if (serving.getStore() === peer) return contained(peer, work, args);
  peer.place ??= placeOf(peer);
  return peer.place.runInAsyncScope(contained<Args, Result>, undefined, peer, work, args);
}

function contained<Args extends readonly unknown[], Result>(
  peer: ServedPeer,
  work: (...args: Args) => Result,
  args: Args,
): Result | undefined {
  try {
    return work(...args);
  } catch (error) {
    peer.fail(error);
    return undefined;
  }
}

/** Works on behalf of all peers, although one of them was the cause: an exception does not end that peer. */
export function serveAll<Result>(work: () => Result): Result {
  return serving.getStore() === undefined ? work() : nobodys.runInAsyncScope(work);
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
