import type { SecureRecords } from '../crypto/secure-records.ts';
import { contentType } from '../wire/content-type.ts';
import { handshakeMessage } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { ownCopy } from '../wire/own-copy.ts';
import { changeCipherSpec, sendFlight, type FlightItem } from './flight.ts';
import type { DtlsClock } from './options.ts';

export interface OutgoingFlightOptions {
  readonly clock: DtlsClock;
  readonly maxDatagramBytes: number;
  readonly retransmitMs: number;
  /** Of the next message and the next record (RFC 6347 §4.2.1). */
  readonly messageSequence: number;
  readonly recordSequence: number;
  send(datagram: Buffer): void;
}

/** The flight that we send, and send again until it is answered (RFC 6347 §4.2.4). */
export interface OutgoingFlight {
  /** Adds a message. Returns it as it enters the transcript. */
  say(type: number, body: Uint8Array): Buffer;
  /** Adds ChangeCipherSpec and Finished, the first protected message. */
  sayFinished(data: Uint8Array): Buffer;
  /** Whether it has our Finished: a client that received it can read protected records. */
  readonly hasFinished: boolean;
  transmit(records: SecureRecords | undefined): void;
  /** Whether to send it again, because the client repeated its own flight. */
  mayRepeat(): boolean;
  /** Whether to send it again, because the client sent nothing for too long. */
  isDue(now: number): boolean;
  /** Begins the next flight. */
  clear(): void;
  /** A copy, to be sent again when the handshake is over. */
  keep(): FinalFlight;
  readonly nextPlainSequence: number;
}

export interface FinalFlight {
  readonly items: readonly FlightItem[];
  nextPlainSequence: number;
}

const maxTransmissions = 10;
const longestRetransmitMs = 60_000;
/**
 * How large the datagrams of the third and later transmissions may be, and of the fifth and later ones: a client that answered neither
 * of two may be behind a path that lets only smaller ones through (RFC 6347 §4.1.1.1). First what every host must accept (RFC 1122
 * §3.3.3), without the headers of IP and UDP; then little enough for a link with small frames. Not less: more pieces are lost
 * more often.
 */
const laterDatagramBytes = { third: 548, fifth: 256 };
/** The network, not the client, made repetitions that come faster. */
const shortestRepeatMs = 100;

export function createOutgoingFlight(options: OutgoingFlightOptions): OutgoingFlight {
  const { clock, maxDatagramBytes, send } = options;
  let items: FlightItem[] = [];
  let nextMessage = options.messageSequence;
  let nextPlainSequence = options.recordSequence;
  let transmissions = 0;
  let transmittedAt = 0;
  let { retransmitMs } = options;

  function within(maxBytes: number): number {
    const { third, fifth } = laterDatagramBytes;
    if (transmissions < 3) return maxBytes;
    return Math.min(maxBytes, transmissions < 5 ? third : fifth);
  }

  function say(type: number, body: Uint8Array, isProtected: boolean): Buffer {
    const message = handshakeMessage(type, nextMessage++, body);
    items.push({ type: contentType.handshake, body: message, isProtected });
    return message;
  }

  return {
    say: (type, body) => say(type, body, false),
    sayFinished(data) {
      items.push(changeCipherSpec);
      return say(handshakeType.finished, data, true);
    },
    get hasFinished() {
      return items.some(({ isProtected }) => isProtected);
    },
    transmit(records) {
      transmissions++;
      transmittedAt = clock.monotonic();
      const target = { records, nextPlainSequence, maxDatagramBytes: within(maxDatagramBytes), send };
      nextPlainSequence = sendFlight(items, target);
    },
    mayRepeat: () =>
      transmissions < maxTransmissions && clock.monotonic() - transmittedAt >= shortestRepeatMs,
    isDue(now) {
      if (now - transmittedAt < retransmitMs || transmissions >= maxTransmissions) return false;
      retransmitMs = Math.min(2 * retransmitMs, longestRetransmitMs);
      return true;
    },
    clear() {
      items = [];
    },
    keep() {
      const kept = items.map(({ type, body, isProtected }) => ({ type, body: ownCopy(body), isProtected }));
      return { items: kept, nextPlainSequence };
    },
    get nextPlainSequence() {
      return nextPlainSequence;
    },
  };
}
