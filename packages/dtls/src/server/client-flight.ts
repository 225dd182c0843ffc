import type { KeyObject, X509Certificate } from 'node:crypto';
import type { KeyExchange } from '../crypto/cipher-suite.ts';
import type { EphemeralKey } from '../crypto/ecdhe.ts';
import {
  extendedMasterSecret,
  masterSecret,
  pskPremaster,
  type HelloRandoms,
} from '../crypto/key-schedule.ts';
import type { AlertName } from '../wire/alert.ts';
import { handshakeMessage, type HandshakeFragment } from '../wire/handshake-message.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import { Malformed } from '../wire/malformed.ts';
import {
  createMessageCollector,
  type CollectedMessage,
  type MessageCollector,
} from '../wire/message-collector.ts';
import {
  isProof,
  parseCertificate,
  readCertificates,
  readClientKeyExchange,
  readProof,
  type Proof,
} from './client-messages.ts';
import type { HandshakeFailure } from './counters.ts';
import type { PskMatch } from './options.ts';

/** The client's messages before its Finished. Only a Finished that verifies proves that all of them are the client's own. */
export interface ClientFlightOutcome<P> {
  /** What may have been agreed on, at least one. The first authentic record shows which. */
  readonly agreed: readonly AgreedSecret<P>[];
  readonly transcript: readonly Buffer[];
  readonly chain: readonly Buffer[];
  /** The first of the chain. Absent with pre-shared keys, and where there is none, or none that can be used. */
  readonly certificate: X509Certificate | undefined;
  /** What is wrong with the flight, if it proves to be the client's own. */
  readonly refusal: FlightRefusal | undefined;
}

export interface AgreedSecret<P> {
  readonly master: Uint8Array;
  /** Of the pre-shared key; `undefined` with certificates, and for an unknown identity, whose master secret is random. */
  readonly principal: P | undefined;
}

interface FlightRefusal {
  readonly alert: AlertName;
  readonly failure: HandshakeFailure;
}

export interface ClientFlight {
  /** A fragment of a message that nothing protects. */
  add(fragment: HandshakeFragment): void;
}

export interface ClientFlightOptions<P> {
  readonly keyExchange: KeyExchange;
  readonly firstSequence: number;
  /** All messages of both sides so far. */
  readonly transcript: readonly Buffer[];
  readonly randoms: HelloRandoms;
  readonly extendedMasterSecret: boolean;
  readonly ephemeral: EphemeralKey | undefined;
  readonly randomBytes: (count: number) => Uint8Array;
  findPsk(identity: Buffer): Promise<PskMatch<P> | readonly PskMatch<P>[] | undefined>;
  /** The flight is complete; `undefined`: it was complete, but one of its messages came again with other content. */
  onOutcome(outcome: ClientFlightOutcome<P> | undefined): void;
  /** A ClientKeyExchange came. Nothing proves yet that it is the client's own. */
  onKeyExchange(): void;
  onMalformed(): void;
  /** An error was thrown outside of any call of `add`. */
  onThrown(error: unknown): void;
  onLookupFailed(): void;
}

/** RFC 4279 §5.3 asks for identities of 128 bytes. */
const maxKeyExchangeBytes = 1_024;
const maxCertificateBytes = 8_192;
const maxProofBytes = 512;
/** How often complete messages may change: an attacker guesses, while the client only repeats its own. */
const maxAttempts = 16;
/** How often messages may be read in vain, which costs as much as those that can be read: an attacker may send any number. */
const maxMalformed = 16;
const unknownSecretBytes = 16;

/** What the client's flight waits for. With a pre-shared key it begins with the key exchange. */
type Step =
  /** Next: Certificate, which may be empty. */
  | 'waiting-for-certificate'
  /** Next: ClientKeyExchange. */
  | 'waiting-for-key-exchange'
  /** The identity is looked up. Next: nothing, until the look-up ends. */
  | 'looking-up-psk'
  /** Next: CertificateVerify. A client without a certificate skips it (RFC 5246 §7.4.8). */
  | 'waiting-for-certificate-verify'
  /** Next: Finished, which this file does not handle. */
  | 'complete';

const dueType: Readonly<Record<Step, number | undefined>> = {
  'waiting-for-certificate': handshakeType.certificate,
  'waiting-for-key-exchange': handshakeType.clientKeyExchange,
  'looking-up-psk': undefined,
  'waiting-for-certificate-verify': handshakeType.certificateVerify,
  complete: undefined,
};

interface Attempt<P> {
  step: Step;
  /** How many messages were processed. */
  taken: number;
  readonly transcript: Buffer[];
  chain: readonly Buffer[];
  certificate: X509Certificate | undefined;
  agreed: readonly AgreedSecret<P>[];
  refusal: FlightRefusal | undefined;
}

export function createClientFlight<P>(options: ClientFlightOptions<P>): ClientFlight {
  return new GatheredFlight(options);
}

/**
 * The client's messages between ServerHelloDone and Finished. An attacker who knows the client's address can forge them, so
 * a wrong message ends nothing: a malformed one is dropped, and when another one comes in its place the flight begins again.
 */
class GatheredFlight<P> implements ClientFlight {
  readonly #options: ClientFlightOptions<P>;
  readonly #withCertificate: boolean;
  readonly #collector: MessageCollector;
  #attempts = 0;
  #malformed = 0;
  #attempt: Attempt<P>;

  constructor(options: ClientFlightOptions<P>) {
    this.#options = options;
    this.#withCertificate = options.keyExchange === 'ecdhe_ecdsa';
    this.#collector = createMessageCollector({
      firstSequence: options.firstSequence,
      maxBytes: this.#withCertificate
        ? [maxCertificateBytes, maxKeyExchangeBytes, maxProofBytes]
        : [maxKeyExchangeBytes],
    });
    this.#attempt = this.#begin();
  }

  add(fragment: HandshakeFragment): void {
    const sequence = this.#collector.add(fragment);
    if (sequence === undefined) return;
    if (sequence < this.#options.firstSequence + this.#attempt.taken) {
      if (this.#attempts >= maxAttempts) return;
      this.#attempt = this.#begin();
      this.#options.onOutcome(undefined);
    }
    this.#advance();
  }

  #begin(): Attempt<P> {
    this.#attempts++;
    return {
      step: this.#withCertificate ? 'waiting-for-certificate' : 'waiting-for-key-exchange',
      taken: 0,
      transcript: [...this.#options.transcript],
      chain: [],
      certificate: undefined,
      agreed: [],
      refusal: undefined,
    };
  }

  #advance(): void {
    const mine = this.#attempt;
    for (let type = dueType[mine.step]; type !== undefined; type = dueType[mine.step]) {
      const sequence = this.#options.firstSequence + mine.taken;
      const message = this.#collector.get(sequence);
      if (message === undefined) return;
      if (this.#malformed >= maxMalformed) {
        this.#options.onMalformed();
        return;
      }
      try {
        if (message.type !== type) throw new Malformed('another message is due');
        this.#take(mine, message, sequence);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        this.#malformed++;
        this.#options.onMalformed();
        return;
      }
    }
    if (mine.step !== 'complete') return;
    const { agreed, transcript, chain, certificate, refusal } = mine;
    this.#options.onOutcome({ agreed, transcript, chain, certificate, refusal });
  }

  /** @throws Malformed; nothing has changed then. */
  #take(mine: Attempt<P>, { type, body }: CollectedMessage, sequence: number): void {
    const message = handshakeMessage(type, sequence, body);
    if (mine.step === 'waiting-for-certificate') this.#takeCertificate(mine, body, message);
    else if (mine.step === 'waiting-for-key-exchange') this.#takeKeyExchange(mine, body, message);
    else this.#takeCertificateVerify(mine, body, message);
  }

  #takeCertificate(mine: Attempt<P>, body: Buffer, message: Buffer): void {
    mine.chain = readCertificates(body);
    if (mine.chain.length === 0) mine.refusal = { alert: 'handshakeFailure', failure: 'no-certificate' };
    mine.transcript.push(message);
    mine.taken++;
    mine.step = 'waiting-for-key-exchange';
  }

  #takeKeyExchange(mine: Attempt<P>, body: Buffer, message: Buffer): void {
    const options = this.#options;
    const { identity, point } = readClientKeyExchange(body, options.keyExchange);
    const shared = options.ephemeral?.agree(point);
    options.onKeyExchange();
    mine.transcript.push(message);
    mine.taken++;
    if (!this.#withCertificate) {
      this.#lookUp(mine, identity, shared).catch((error: unknown) => options.onThrown(error));
      return;
    }
    if (shared === undefined) throw new TypeError('certificates are used with ECDHE only');
    this.#agree(mine, [{ premaster: shared, principal: undefined }]);
    mine.step = mine.chain.length > 0 ? 'waiting-for-certificate-verify' : 'complete';
  }

  #takeCertificateVerify(mine: Attempt<P>, body: Buffer, message: Buffer): void {
    const proof = readProof(body);
    // Once for all who need it: to parse a certificate costs nearly as much as to sign.
    mine.certificate = parseCertificate(mine.chain[0]);
    mine.refusal ??= refusalOfProof(mine, proof);
    mine.transcript.push(message);
    mine.taken++;
    mine.step = 'complete';
  }

  async #lookUp(mine: Attempt<P>, identity: Buffer, shared: Buffer | undefined): Promise<void> {
    const options = this.#options;
    mine.step = 'looking-up-psk';
    let known: readonly KnownSecret<P>[];
    try {
      known = usableSecrets(await options.findPsk(identity));
    } catch {
      options.onLookupFailed();
      if (this.#attempt !== mine) return;
      // Treated as if the message had not come: the client will send it again, and gets no answer until then.
      this.#collector.forget(options.firstSequence);
      this.#attempt = this.#begin();
      return;
    }
    if (this.#attempt !== mine) return;
    // An unknown identity gets a random key, so that it looks like a wrong key (RFC 4279 §2).
    const random = { secret: options.randomBytes(unknownSecretBytes), principal: undefined };
    const candidates = known.length > 0 ? known : [random];
    this.#agree(
      mine,
      candidates.map(({ secret, principal }) => ({ premaster: pskPremaster(secret, shared), principal })),
    );
    mine.step = 'complete';
    this.#advance();
  }

  #agree(
    mine: Attempt<P>,
    candidates: readonly { readonly premaster: Buffer; readonly principal: P | undefined }[],
  ): void {
    const { randoms, extendedMasterSecret: isExtended } = this.#options;
    mine.agreed = candidates.map(({ premaster, principal }) => ({
      master: isExtended
        ? extendedMasterSecret(premaster, mine.transcript)
        : masterSecret(premaster, randoms),
      principal,
    }));
  }
}

function refusalOfProof(mine: Attempt<unknown>, proof: Proof): FlightRefusal | undefined {
  const { certificate, transcript } = mine;
  if (certificate === undefined) return { alert: 'badCertificate', failure: 'bad-certificate' };
  return isProof(proof, certificate.publicKey, transcript)
    ? undefined
    : { alert: 'decryptError', failure: 'bad-proof' };
}

interface KnownSecret<P> {
  readonly secret: Uint8Array;
  readonly principal: P;
}

function usableSecrets<P>(
  found: PskMatch<P> | readonly PskMatch<P>[] | undefined,
): readonly KnownSecret<P>[] {
  return matchesOf(found)
    .map(({ secret, principal }) => ({ secret: secretBytes(secret), principal }))
    .filter(({ secret }) => isUsable(secret));
}

/** How many keys an identity may have at a time. */
const maxCandidates = 4;

function matchesOf<P>(found: PskMatch<P> | readonly PskMatch<P>[] | undefined): readonly PskMatch<P>[] {
  if (found === undefined) return [];
  return 'secret' in found ? [found] : found.slice(0, maxCandidates);
}

function secretBytes(secret: KeyObject | Uint8Array): Uint8Array {
  return secret instanceof Uint8Array ? secret : secret.export();
}

/** An empty secret is none, and its length must fit in two bytes (RFC 4279 §2). */
function isUsable({ length }: Uint8Array): boolean {
  return length > 0 && length <= 0xff_ff;
}
