import { emptyMessage } from '../wire/encode-message.ts';
import { HeldAnswers, type HeldAnswer } from './held-answers.ts';
import type { PeerState, PeerTable } from './peer-table.ts';
import { createProbeGuesses, type ProbeGuesses } from './probe-guesses.ts';
import { retransmit, type RetransmitOptions } from './retransmit.ts';

/** What a probe needs from the transport: how to reach a peer by the probed path. */
export interface PathProbe {
  /** Sends a datagram by that path. */
  send(datagram: Buffer): void;
  /** The peer receives there: it answered the probe from there. Called before the answers that waited are sent. */
  confirmed(): void;
}

export interface PathProbesOptions<Peer> extends RetransmitOptions {
  readonly now: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly peers: PeerTable<Peer>;
}

/** The probe of a peer, of which there is one at a time. */
export interface ProbedPath {
  /** `asked`: the probe waits for its answer. `ending`: the outcome is known, and the answers that waited are being sent. */
  phase: 'asked' | 'ending';
  readonly path: unknown;
  readonly id: number;
  readonly probe: PathProbe;
  readonly stop: () => void;
  /** Answers that wait, in their order. */
  readonly held: Set<HeldAnswer>;
}

/**
 * An id has 16 bits. A peer that makes up answers for an address at which it does not receive may guess this often in this time. It
 * would have to go on for days.
 */
const maxGuesses = 8;
const guessesKeptMs = 60_000;

/**
 * Probes of the paths to peers whose address may have changed (RFC 9146 §6): an empty confirmable message with an id that cannot be
 * guessed (RFC 7252 §4.3). Meanwhile the peer's requests are answered as before, but the answer to one that came by a path that is
 * not known to be the peer's own waits for the outcome.
 */
export class PathProbes<Peer> {
  readonly #options: PathProbesOptions<Peer>;
  readonly #guesses: ProbeGuesses;
  readonly #held: HeldAnswers;
  #size = 0;
  #sentAgain = 0;

  constructor(options: PathProbesOptions<Peer>) {
    this.#options = options;
    this.#guesses = createProbeGuesses(options.deadlines, guessesKeptMs);
    this.#held = new HeldAnswers(options.deadlines);
  }

  get size(): number {
    return this.#size;
  }

  /** How many answers wait. */
  get held(): number {
    return this.#held.count;
  }

  get sentAgain(): number {
    return this.#sentAgain;
  }

  /** Probes a path, instead of any other of this peer. A probe of the same path goes on. */
  begin(peer: PeerState<Peer>, path: unknown, probe: PathProbe, now: number): void {
    const before = peer.probed;
    if (
      before?.path === path ||
      before?.phase === 'ending' ||
      this.#guesses.countOf(peer.key) >= maxGuesses
    ) {
      this.#options.peers.release(peer);
      return;
    }
    before?.stop();
    if (!before) this.#size++;
    const id = this.#unguessableId(peer);
    const datagram = (): Buffer => emptyMessage('CON', id);
    const again = (): void => {
      this.#sentAgain++;
      probe.send(datagram());
    };
    const stop = retransmit(this.#options, now, again, () => this.end(peer));
    peer.probed = { phase: 'asked', path, id, probe, stop, held: before?.held ?? new Set() };
    probe.send(datagram());
  }

  /** Whether a message with this id answers a probe, by whatever path it came. */
  settle(peer: PeerState<Peer>, id: number, path: unknown): boolean {
    const { probed } = peer;
    if (probed?.id !== id) return false;
    // An answer by any other path proves nothing: the receiver of the probe may have relayed it.
    if (probed.phase === 'ending' || probed.path !== path) return true;
    try {
      probed.probe.confirmed();
    } finally {
      this.end(peer);
    }
    return true;
  }

  /** A message by that path looks like an answer but answers nothing: it may be a guess. */
  distrust(peer: PeerState<Peer>, path: unknown): void {
    if (peer.probed === undefined || path === undefined) return;
    if (this.#guesses.add(peer.key, this.#options.now()) >= maxGuesses) this.end(peer);
  }

  /** Keeps an answer back while there is a probe, if its request came by such a path. Returns false if it can be sent now. */
  hold(peer: PeerState<Peer> | undefined, path: unknown, send: () => void): boolean {
    const probed = peer?.probed;
    if (path === undefined || probed?.phase !== 'asked') return false;
    this.#held.hold(probed.held, send, this.#options.now());
    return true;
  }

  /** Ends the probe, whose outcome is not needed any more, and sends the answers that waited. */
  end(peer: PeerState<Peer>): void {
    this.#end(peer, (answer) => this.#held.send(answer));
  }

  /** Ends the probe of a peer that is gone, and drops the answers that waited. */
  forget(peer: PeerState<Peer>): void {
    this.#end(peer, (answer) => this.#held.drop(answer));
  }

  #end(peer: PeerState<Peer>, each: (answer: HeldAnswer) => void): void {
    const { probed } = peer;
    if (probed?.phase !== 'asked') return;
    probed.stop();
    // Answers that are sent now must not be kept back again; and the peer must not be forgotten meanwhile.
    probed.phase = 'ending';
    try {
      for (const answer of probed.held) each(answer);
    } finally {
      peer.probed = undefined;
      this.#size--;
      this.#options.peers.release(peer);
    }
  }

  #unguessableId({ ping, unacknowledged }: PeerState<Peer>): number {
    const [high = 0, low = 0] = this.#options.randomBytes(2);
    let id = high * 256 + low;
    while (ping?.id === id || unacknowledged?.has(id)) id = (id + 1) & 0xffff;
    return id;
  }
}
