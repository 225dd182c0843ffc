import { emptyMessage } from '../wire/encode-message.ts';
import { takeMessageId, type PeerState, type PeerTable } from './peer-table.ts';
import { retransmit, type RetransmitOptions } from './retransmit.ts';

/**
 * Empty confirmable messages, which a peer that is there answers with a reset (RFC 7252 §4.3). There is one for each peer at a time. A
 * second call starts its transmissions again, since the next one might be a minute away. Both calls get the same answer.
 */
export interface Pings<Peer> {
  readonly size: number;
  readonly sentAgain: number;
  ping(peer: PeerState<Peer>, now: number): Promise<boolean>;
  /** Whether a message with this id answers a ping. */
  settle(peer: PeerState<Peer>, id: number): boolean;
  end(peer: PeerState<Peer>, isAlive: boolean): void;
}

export interface PingsOptions<Peer> extends RetransmitOptions {
  readonly peers: PeerTable<Peer>;
  readonly send: (datagram: Buffer, peer: Peer) => void;
}

export function createPings<Peer>(options: PingsOptions<Peer>): Pings<Peer> {
  let size = 0;
  let sentAgain = 0;

  function end(peer: PeerState<Peer>, isAlive: boolean): void {
    const { ping } = peer;
    if (ping === undefined) return;
    peer.ping = undefined;
    size--;
    options.peers.release(peer);
    ping.stop();
    ping.answer.resolve(isAlive);
  }

  return {
    get size() {
      return size;
    },
    get sentAgain() {
      return sentAgain;
    },
    ping(peer, now) {
      const before = peer.ping;
      before?.stop();
      if (!before) size++;
      const id = takeMessageId(peer);
      const answer = before?.answer ?? Promise.withResolvers<boolean>();
      const send = (): void => options.send(emptyMessage('CON', id), peer.peer);
      const again = (): void => {
        sentAgain++;
        send();
      };
      const stop = retransmit(options, now, again, () => end(peer, false));
      peer.ping = { id, answer, stop };
      send();
      return answer.promise;
    },
    settle(peer, id) {
      if (peer.ping?.id !== id) return false;
      end(peer, true);
      return true;
    },
    end,
  };
}
