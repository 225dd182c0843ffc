import type { CoapLimits } from './coap-limits.ts';
import { createLinkedList, type Linked } from './linked-list.ts';
import type { PeerState, PeerTable } from './peer-table.ts';
import { retransmit, type RetransmitOptions } from './retransmit.ts';

/** A separate response that its receiver has not acknowledged yet. */
export interface Unacknowledged<Peer> extends Linked<Unacknowledged<Peer>> {
  readonly peer: PeerState<Peer>;
  readonly id: number;
  readonly stop: () => void;
}

/** Confirmable responses (RFC 7252 §5.2.2), sent again until they are acknowledged. */
export interface SeparateResponses<Peer> {
  readonly size: number;
  readonly sentAgain: number;
  /** How many were not acknowledged in time, or gave way for lack of room. */
  readonly givenUp: number;
  /** Sends a datagram now, and again while its bytes in all stay within `budgetBytes`. */
  send(peer: PeerState<Peer>, id: number, datagram: Buffer, budgetBytes: number, now: number): void;
  /** Whether a message with this id settles one of them. */
  settle(peer: PeerState<Peer>, id: number): boolean;
  forgetAll(peer: PeerState<Peer>): void;
}

export interface SeparateResponsesOptions<Peer> extends RetransmitOptions {
  readonly limits: CoapLimits;
  readonly peers: PeerTable<Peer>;
  readonly send: (datagram: Buffer, peer: Peer) => void;
}

export function createSeparateResponses<Peer>(
  options: SeparateResponsesOptions<Peer>,
): SeparateResponses<Peer> {
  const { limits, peers } = options;
  const all = createLinkedList<Unacknowledged<Peer>>();
  let size = 0;
  let sentAgain = 0;
  let givenUp = 0;

  function remove(response: Unacknowledged<Peer>): void {
    const { peer, id } = response;
    response.stop();
    all.remove(response);
    size--;
    peer.unacknowledged?.delete(id);
    if (peer.unacknowledged?.size === 0) peer.unacknowledged = undefined;
    peers.release(peer);
  }

  function giveUp(response: Unacknowledged<Peer> | undefined): void {
    if (response === undefined) return;
    givenUp++;
    remove(response);
  }

  return {
    get size() {
      return size;
    },
    get sentAgain() {
      return sentAgain;
    },
    get givenUp() {
      return givenUp;
    },
    send(peer, id, datagram, budgetBytes, now) {
      // Most are acknowledged at once. The few that are not must not keep a whole pool of buffers alive.
      const kept = datagram.toString('latin1');
      let spentBytes = kept.length;
      const again = (): void => {
        spentBytes += kept.length;
        if (spentBytes > budgetBytes) return;
        sentAgain++;
        options.send(Buffer.from(kept, 'latin1'), peer.peer);
      };
      const response: Unacknowledged<Peer> = {
        peer,
        id,
        stop: retransmit(options, now, again, () => giveUp(response)),
        before: undefined,
        after: undefined,
      };
      peer.unacknowledged ??= new Map();
      peer.unacknowledged.set(id, response);
      all.append(response);
      size++;
      if (peer.unacknowledged.size > limits.maxUnacknowledgedPerPeer)
        giveUp(peer.unacknowledged.values().next().value);
      if (size > limits.maxUnacknowledged) giveUp(all.first);
      options.send(datagram, peer.peer);
    },
    settle(peer, id) {
      const response = peer.unacknowledged?.get(id);
      if (response) remove(response);
      return response !== undefined;
    },
    forgetAll(peer) {
      for (const response of peer.unacknowledged?.values() ?? []) remove(response);
    },
  };
}
