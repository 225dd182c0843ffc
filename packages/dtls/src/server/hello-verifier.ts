import { readClientHello, readHelloStart, type ClientHello, type HelloStart } from '../wire/client-hello.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeMessage, type HandshakeFragment } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { Malformed } from '../wire/malformed.ts';
import { createMessageCollector, type MessageCollector } from '../wire/message-collector.ts';
import { dtls10 } from '../wire/protocol-version.ts';
import { plainRecord } from '../wire/record.ts';
import type { DropReason } from './counters.ts';
import type { HelloCookies } from './hello-cookies.ts';
import type { Peer } from './peer.ts';
import { handshakeOf, type Pending, type PendingHandshakes } from './pending-handshakes.ts';
import { helloVerifyRequest } from './server-messages.ts';

export interface HelloVerifierOptions {
  readonly cookies: HelloCookies;
  readonly pending: PendingHandshakes;
  readonly monotonic: () => number;
  send(datagram: Buffer, peer: Peer): void;
  drop(reason: DropReason, peer: Peer): void;
  /** This handshake gives way to another. */
  onCrowdedOut(pending: Pending): void;
  /** The client begins again, which ends the handshake that was under way. */
  onRestarted(pending: Pending): void;
  onAdmitted(pending: Pending): void;
  /** The whole ClientHello is there. Gives `pending` its next state. @throws Malformed if it cannot be read or accepted. */
  onHello(pending: Pending, received: ReceivedHello): void;
}

/** A ClientHello whose sender receives what is sent to its address. */
export interface ReceivedHello {
  readonly hello: ClientHello;
  /** As it enters the transcript. */
  readonly message: Buffer;
  readonly recordSequence: number;
  readonly messageSequence: number;
}

/** Where a fragment of a ClientHello came from, and in what. */
interface HelloFrom {
  readonly peer: Peer;
  readonly key: string;
  readonly recordSequence: number;
  /** Something in the same datagram was answered, or began a ClientHello. A datagram never causes several answers. */
  readonly isAnswered: boolean;
}

/** Room for many cipher suites, and for the key shares of clients that also offer DTLS 1.3. */
const maxHelloBytes = 4_096;
/** A client sends two ClientHellos; some begin again with new ones. */
const maxHelloSequence = 16;
/**
 * A client that begins again, and then once more so soon, repeats its ClientHello later. A cookie does not cover the number of the
 * message: one would begin any number of handshakes, and each costs a key and maybe a signature.
 */
const shortestRestartMs = 100;
/** Leaves a handshake more sequence numbers than it can use. */
const maxHelloRecordSequence = 2 ** 47;

/**
 * Takes ClientHellos: flights 1 to 3 of a handshake (see `handshake.ts`). A client without a cookie is asked for one, and nothing is
 * remembered of it. A client with a genuine cookie is admitted, which makes it pending, and its ClientHello is put together.
 */
export class HelloVerifier {
  readonly #options: HelloVerifierOptions;

  constructor(options: HelloVerifierOptions) {
    this.#options = options;
  }

  /** Returns true if the fragment begins a ClientHello: one of a datagram is taken, the others are dropped. @throws Malformed */
  take(fragment: HandshakeFragment, from: HelloFrom): boolean {
    const { length, sequence, offset, bytes } = fragment;
    const isTooMuch = length > maxHelloBytes || sequence > maxHelloSequence;
    if (isTooMuch || from.recordSequence > maxHelloRecordSequence)
      throw new Malformed('more than a ClientHello');
    const { cookies, pending, monotonic, drop } = this.#options;
    const begun = pending.get(from.key);
    if (offset > 0) {
      this.#takeRest(begun, fragment, from);
      return false;
    }
    if (from.isAnswered) {
      drop('unexpected', from.peer);
      return true;
    }
    const start = readHelloStart(bytes);
    if (!cookies.isGenuine(from.key, start)) {
      this.#requestVerification(start, sequence, from);
      return true;
    }
    const isKnown = begun?.helloSequence === sequence && begun.clientRandom.equals(start.random);
    if (isKnown) this.#takeAgain(begun, fragment, from);
    else if (begun?.isRestart && monotonic() - begun.startedAt < shortestRestartMs)
      drop('unexpected', from.peer);
    else {
      if (begun) this.#options.onRestarted(begun);
      this.#admit(start, fragment, from, begun !== undefined);
    }
    return true;
  }

  /** A fragment that is not the first one. It has no cookie, so its sender must be known. */
  #takeRest(begun: Pending | undefined, fragment: HandshakeFragment, from: HelloFrom): void {
    if (begun?.state.name === 'receiving-hello') this.#collect(begun, begun.state.collector, fragment, from);
    else this.#options.drop('unexpected', from.peer);
  }

  /** The beginning of the ClientHello that this client has sent already. */
  #takeAgain(begun: Pending, fragment: HandshakeFragment, from: HelloFrom): void {
    if (begun.state.name === 'receiving-hello') {
      this.#collect(begun, begun.state.collector, fragment, from);
      return;
    }
    begun.heardAt = this.#options.monotonic();
    handshakeOf(begun)?.repeat();
  }

  #requestVerification(start: HelloStart, sequence: number, { key, peer, recordSequence }: HelloFrom): void {
    const body = helloVerifyRequest(this.#options.cookies.cookieFor(key, start));
    const message = handshakeMessage(handshakeType.helloVerifyRequest, sequence, body);
    this.#options.send(plainRecord(contentType.handshake, recordSequence, message, dtls10), peer);
  }

  #admit(start: HelloStart, fragment: HandshakeFragment, from: HelloFrom, isRestart: boolean): void {
    const { pending, monotonic } = this.#options;
    for (let least = pending.inTheWayOf(from.peer); least; least = pending.inTheWayOf(from.peer))
      this.#options.onCrowdedOut(least);
    const collector = createMessageCollector({ firstSequence: fragment.sequence, maxBytes: [maxHelloBytes] });
    const admitted: Pending = {
      key: from.key,
      peer: from.peer,
      startedAt: monotonic(),
      heardAt: monotonic(),
      clientRandom: Buffer.from(start.random),
      helloSequence: fragment.sequence,
      isRestart,
      state: { name: 'receiving-hello', collector },
    };
    pending.add(admitted);
    this.#options.onAdmitted(admitted);
    this.#collect(admitted, collector, fragment, from);
  }

  #collect(
    mine: Pending,
    collector: MessageCollector,
    fragment: HandshakeFragment,
    { recordSequence }: HelloFrom,
  ): void {
    mine.heardAt = this.#options.monotonic();
    const { sequence } = fragment;
    const body = collector.add(fragment) === undefined ? undefined : collector.get(sequence)?.body;
    if (body === undefined) return;
    // Where this throws, a fragment after the first may have been forged: the client repeats its own.
    this.#options.onHello(mine, {
      hello: readClientHello(body),
      message: handshakeMessage(handshakeType.clientHello, sequence, body),
      recordSequence,
      messageSequence: sequence,
    });
  }
}
