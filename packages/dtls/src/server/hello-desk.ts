import { readClientHello, readHelloStart, type ClientHello, type HelloStart } from '../wire/client-hello.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeMessage, type HandshakeFragment } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { Malformed } from '../wire/malformed.ts';
import { createMessageCollector, type MessageCollector } from '../wire/message-collector.ts';
import { dtls10 } from '../wire/protocol-version.ts';
import { plainRecord } from '../wire/record.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { DropReason } from './counters.ts';
import type { Peer } from './peer.ts';
import type { Pending, PendingHandshakes } from './pending-handshakes.ts';
import { helloVerifyRequest } from './server-messages.ts';

export interface HelloDeskOptions {
  readonly cookies: CookieJar;
  readonly pending: PendingHandshakes;
  readonly monotonic: () => number;
  send(datagram: Buffer, peer: Peer): void;
  drop(reason: DropReason, peer: Peer): void;
  /** It gives way to another. */
  onCrowdedOut(pending: Pending): void;
  /** The client begins anew: what was under way is over. */
  onRestarted(pending: Pending): void;
  onAdmitted(pending: Pending): void;
  /** @throws Malformed where the hello is not what it should be after all. */
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
  /** A datagram is answered with one HelloVerifyRequest at the most: answers are never more than questions. */
  readonly isAnswered: boolean;
}

export interface HelloDesk {
  /** True where it was answered with a HelloVerifyRequest. @throws Malformed */
  take(fragment: HandshakeFragment, from: HelloFrom): boolean;
}

/** Room for many cipher suites, and for the key shares of those who would like DTLS 1.3 as well. */
const maxHelloBytes = 4_096;
/** A client has two ClientHellos to say; some begin again with new ones. */
const maxHelloSequence = 16;
/** Leaves a handshake more sequence numbers than it can use. */
const maxHelloRecordSequence = 2 ** 47;

/** Receives ClientHellos, and remembers nothing of a client until its cookie came back (RFC 6347 §4.2.1). */
export function createHelloDesk(options: HelloDeskOptions): HelloDesk {
  const { cookies, pending, drop } = options;

  function requestVerification(
    start: HelloStart,
    sequence: number,
    { key, peer, recordSequence }: HelloFrom,
  ): void {
    const body = helloVerifyRequest(cookies.cookieFor(key, start));
    const message = handshakeMessage(handshakeType.helloVerifyRequest, sequence, body);
    options.send(plainRecord(contentType.handshake, recordSequence, message, dtls10), peer);
  }

  function admit(start: HelloStart, fragment: HandshakeFragment, from: HelloFrom): void {
    for (let least = pending.inTheWayOf(from.peer); least; least = pending.inTheWayOf(from.peer))
      options.onCrowdedOut(least);
    const collector = createMessageCollector({ firstSequence: fragment.sequence, maxBytes: [maxHelloBytes] });
    const admitted: Pending = {
      key: from.key,
      peer: from.peer,
      startedAt: options.monotonic(),
      heardAt: options.monotonic(),
      clientRandom: Buffer.from(start.random),
      helloSequence: fragment.sequence,
      hello: collector,
      handshake: undefined,
    };
    pending.add(admitted);
    options.onAdmitted(admitted);
    collect(admitted, collector, fragment, from);
  }

  function collect(
    mine: Pending,
    collector: MessageCollector,
    fragment: HandshakeFragment,
    from: HelloFrom,
  ): void {
    mine.heardAt = options.monotonic();
    const { sequence } = fragment;
    const body = collector.add(fragment) === undefined ? undefined : collector.get(sequence)?.body;
    if (body === undefined) return;
    const message = handshakeMessage(handshakeType.clientHello, sequence, body);
    const { recordSequence } = from;
    // Where this throws, a fragment after the first may have been anybody's: the client repeats its own.
    options.onHello(mine, {
      hello: readClientHello(body),
      message,
      recordSequence,
      messageSequence: sequence,
    });
    mine.hello = undefined;
  }

  return {
    take(fragment, from) {
      const { length, sequence, offset, bytes } = fragment;
      const isTooMuch = length > maxHelloBytes || sequence > maxHelloSequence;
      if (isTooMuch || from.recordSequence > maxHelloRecordSequence)
        throw new Malformed('more than a ClientHello');
      const begun = pending.get(from.key);
      if (offset > 0) {
        if (begun?.hello) collect(begun, begun.hello, fragment, from);
        else drop('unexpected', from.peer);
        return false;
      }
      const start = readHelloStart(bytes);
      if (!cookies.isGenuine(from.key, start)) {
        if (!from.isAnswered) requestVerification(start, sequence, from);
        return true;
      }
      if (begun?.helloSequence !== sequence || !begun.clientRandom.equals(start.random)) {
        if (begun) options.onRestarted(begun);
        admit(start, fragment, from);
      } else if (begun.hello) collect(begun, begun.hello, fragment, from);
      else {
        begun.heardAt = options.monotonic();
        begun.handshake?.repeat();
      }
      return false;
    },
  };
}
