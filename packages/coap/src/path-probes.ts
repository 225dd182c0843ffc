import { createDeadline, type Deadlines } from './deadlines.ts';
import { emptyMessage } from './encode-message.ts';
import { createLinkedList, type Linked } from './linked-list.ts';
import type { Peers, PeerState } from './peers.ts';
import { retransmit, type RetransmitOptions } from './retransmit.ts';

/** What asks whether a peer receives where some of its datagrams come from. */
export interface PathProbe {
  /** Sends a datagram there. */
  send(datagram: Buffer): void;
  /** It does: the probe was answered from there. Called before what waited for it is sent. */
  confirmed(): void;
}

/**
 * Probes of the paths to peers whose address may have changed (RFC 9146 §6): an empty confirmable message with an id that nobody can
 * guess (RFC 7252 §4.3), one for each peer at a time. What the peer is answered meanwhile, as far as its question came by a path
 * that is not known to be its own, waits for the outcome, though not for long.
 */
export interface PathProbes<Peer> {
  readonly size: number;
  /** Answers that wait. */
  readonly held: number;
  readonly sentAgain: number;
  /** Probes a path, instead of any other of this peer; the probe of the same path goes on. */
  begin(peer: PeerState<Peer>, path: unknown, probe: PathProbe, now: number): void;
  /** Whether this was the answer to a probe, wherever it came from. */
  settle(peer: PeerState<Peer>, id: number, path: unknown): boolean;
  /** Something came by that path that answers nothing: a guess, maybe. */
  distrust(peer: PeerState<Peer>, path: unknown): void;
  /** Keeps an answer waiting where its question came by such a path, and there is a probe; false where it can go at once. */
  hold(peer: PeerState<Peer> | undefined, path: unknown, answer: () => void): boolean;
  /** There is nothing to find out any more: what waits goes on its way. */
  end(peer: PeerState<Peer>): void;
  /** What waits is lost. */
  forget(peer: PeerState<Peer>): void;
}

export interface PathProbesOptions<Peer> extends RetransmitOptions {
  readonly now: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly peers: Peers<Peer>;
}

/** A peer that is being probed. */
export interface ProbedPath {
  readonly path: unknown;
  readonly id: number;
  readonly probe: PathProbe;
  readonly stop: () => void;
  /** Answers that wait, in their order. */
  readonly held: Set<HeldAnswer>;
}

interface HeldAnswer extends Linked<HeldAnswer> {
  readonly among: Set<HeldAnswer>;
  readonly dueAt: number;
  readonly send: () => void;
}

/** RFC 7252 §4.8, ACK_TIMEOUT: whoever has no answer by then asks again. */
const heldMs = 2_000;
const maxHeldOfPeer = 8;
const maxHeld = 10_000;
/**
 * An id has 16 bits: a peer that makes up answers for an address at which it does not receive may guess so often, within so long. It
 * would have to go on for days.
 */
const maxGuesses = 8;
const guessesKeptMs = 60_000;

export function createPathProbes<Peer>(options: PathProbesOptions<Peer>): PathProbes<Peer> {
  const { deadlines, peers, now, randomBytes } = options;
  const waiting = createLinkedList<HeldAnswer>();
  const release = createDeadline((at) => {
    const due: HeldAnswer[] = [];
    for (let { first } = waiting; first && first.dueAt <= at; { first } = waiting) {
      takeOut(first);
      due.push(first);
    }
    if (waiting.first) deadlines.set(release, waiting.first.dueAt);
    for (const { send } of due) send();
  });
  const guesses = createGuesses(deadlines);
  let size = 0;
  let held = 0;
  let sentAgain = 0;

  function takeOut(answer: HeldAnswer): void {
    answer.among.delete(answer);
    waiting.remove(answer);
    held--;
  }

  function sendHeld(answer: HeldAnswer): void {
    takeOut(answer);
    answer.send();
  }

  function end(peer: PeerState<Peer>, goOn: (answer: HeldAnswer) => void): void {
    const { probed } = peer;
    if (probed === undefined) return;
    probed.stop();
    // While the answers go out it is no more, or they would be kept waiting again; the peer must not be forgotten meanwhile.
    peer.probed = { ...probed, path: noPath };
    try {
      for (const answer of probed.held) goOn(answer);
    } finally {
      peer.probed = undefined;
      size--;
      peers.release(peer);
    }
  }

  function unguessableId({ ping, unacknowledged }: PeerState<Peer>): number {
    const [high = 0, low = 0] = randomBytes(2);
    let id = high * 256 + low;
    while (ping?.id === id || unacknowledged?.has(id)) id = (id + 1) & 0xffff;
    return id;
  }

  return {
    get size() {
      return size;
    },
    get held() {
      return held;
    },
    get sentAgain() {
      return sentAgain;
    },
    begin(peer, path, probe, at) {
      const before = peer.probed;
      if (before?.path === path || guesses.countOf(peer.key) >= maxGuesses) {
        peers.release(peer);
        return;
      }
      before?.stop();
      if (!before) size++;
      const id = unguessableId(peer);
      const datagram = (): Buffer => emptyMessage('CON', id);
      const again = (): void => {
        sentAgain++;
        probe.send(datagram());
      };
      const stop = retransmit(options, at, again, () => end(peer, sendHeld));
      peer.probed = { path, id, probe, stop, held: before?.held ?? new Set() };
      probe.send(datagram());
    },
    settle(peer, id, path) {
      const { probed } = peer;
      if (probed?.id !== id) return false;
      // From anywhere else it says nothing about this path: somebody who has the probe may have handed it on.
      if (probed.path !== path) return true;
      try {
        probed.probe.confirmed();
      } finally {
        end(peer, sendHeld);
      }
      return true;
    },
    distrust(peer, path) {
      if (peer.probed === undefined || path === undefined) return;
      if (guesses.add(peer.key, now()) >= maxGuesses) end(peer, sendHeld);
    },
    hold(peer, path, send) {
      const probed = peer?.probed;
      if (probed === undefined || path === undefined || probed.path === noPath) return false;
      const answer: HeldAnswer = {
        among: probed.held,
        dueAt: now() + heldMs,
        send,
        before: undefined,
        after: undefined,
      };
      probed.held.add(answer);
      waiting.append(answer);
      held++;
      if (release.place === -1) deadlines.set(release, answer.dueAt);
      const [oldest] = probed.held;
      if (oldest && probed.held.size > maxHeldOfPeer) sendHeld(oldest);
      if (held > maxHeld && waiting.first) sendHeld(waiting.first);
      return true;
    },
    end: (peer) => end(peer, sendHeld),
    forget: (peer) => end(peer, takeOut),
  };
}

/** By which nothing comes. */
const noPath = Symbol('no path');

interface Guesses {
  countOf(key: unknown): number;
  /** Returns how many there are now. */
  add(key: unknown, at: number): number;
}

/** Who guessed, and how often, for a while after the first time. */
function createGuesses(deadlines: Deadlines): Guesses {
  const byPeer = new Map<unknown, { count: number; readonly until: number }>();
  const expiry = createDeadline((at) => {
    for (const [key, { until }] of byPeer) {
      if (until > at) {
        deadlines.set(expiry, until);
        return;
      }
      byPeer.delete(key);
    }
  });
  return {
    countOf: (key) => byPeer.get(key)?.count ?? 0,
    add(key, at) {
      const guessed = byPeer.get(key) ?? { count: 0, until: at + guessesKeptMs };
      guessed.count++;
      byPeer.set(key, guessed);
      if (expiry.place === -1) deadlines.set(expiry, guessed.until);
      return guessed.count;
    },
  };
}
