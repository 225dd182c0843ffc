import type { KeyObject } from 'node:crypto';
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
import { createMessageCollector, type CollectedMessage } from '../wire/message-collector.ts';
import { isProof, publicKeyOf, readCertificates, readClientKeyExchange } from './client-messages.ts';
import type { HandshakeFailure } from './counters.ts';
import type { PskMatch } from './options.ts';

/** What the client said before its Finished. Only a Finished that fits proves that all of it is the client's own. */
export interface ClientFlightOutcome<P> {
  /** What may have been agreed on, at least one: which it is, a record tells. */
  readonly agreed: readonly AgreedSecret<P>[];
  readonly transcript: readonly Buffer[];
  readonly chain: readonly Buffer[];
  /** What is wrong with it, should it prove to be the client's own. */
  readonly refusal: FlightRefusal | undefined;
}

export interface AgreedSecret<P> {
  readonly master: KeyObject;
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
  /** All that was said so far. */
  readonly transcript: readonly Buffer[];
  readonly randoms: HelloRandoms;
  readonly extendedMasterSecret: boolean;
  readonly ephemeral: EphemeralKey | undefined;
  readonly randomBytes: (count: number) => Uint8Array;
  findPsk(identity: Buffer): Promise<PskMatch<P> | readonly PskMatch<P>[] | undefined>;
  /** With `undefined` what was complete is so no more: a message of it came again, and is another. */
  onOutcome(outcome: ClientFlightOutcome<P> | undefined): void;
  /** It said how the keys come about; nothing is known about it yet. */
  onKeyExchange(): void;
  onMalformed(): void;
  /** Something threw outside of any call of `add`. */
  onThrown(error: unknown): void;
  onLookupFailed(): void;
}

/** RFC 4279 §5.3 asks for identities of 128 bytes. */
const maxKeyExchangeBytes = 1_024;
const maxCertificateBytes = 8_192;
const maxProofBytes = 512;
/** So often may messages change that were complete before: a stranger guesses, the client repeats its own. */
const maxAttempts = 16;
const unknownSecretBytes = 16;

interface Attempt<P> {
  readonly transcript: Buffer[];
  position: number;
  isWaiting: boolean;
  chain: readonly Buffer[];
  agreed: readonly AgreedSecret<P>[];
  refusal: FlightRefusal | undefined;
}

/**
 * The client's messages between ServerHelloDone and Finished. Anybody who knows the client's address can send them in its name, so
 * whatever is wrong with them ends nothing: malformed ones are dropped, and once others come in their place all begins anew.
 */
export function createClientFlight<P>(options: ClientFlightOptions<P>): ClientFlight {
  const { keyExchange, firstSequence, transcript, randoms, ephemeral, randomBytes } = options;
  const withCertificate = keyExchange === 'ecdhe_ecdsa';
  const collector = createMessageCollector({
    firstSequence,
    maxBytes: withCertificate
      ? [maxCertificateBytes, maxKeyExchangeBytes, maxProofBytes]
      : [maxKeyExchangeBytes],
  });
  let attempts = 0;
  let attempt = begin();

  function begin(): Attempt<P> {
    attempts++;
    return {
      transcript: [...transcript],
      position: 0,
      isWaiting: false,
      chain: [],
      agreed: [],
      refusal: undefined,
    };
  }

  function advance(): void {
    const mine = attempt;
    for (let type = expected(mine); type !== undefined; type = expected(mine)) {
      const sequence = firstSequence + mine.position;
      const message = mine.isWaiting ? undefined : collector.get(sequence);
      if (message === undefined) return;
      try {
        if (message.type !== type) throw new Malformed('another message is due');
        take(mine, message, sequence);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        options.onMalformed();
        return;
      }
    }
    const { agreed, chain, refusal } = mine;
    if (agreed.length > 0) options.onOutcome({ agreed, transcript: mine.transcript, chain, refusal });
  }

  /** The next message's type; `undefined` where Finished is next. */
  function expected({ position, chain }: Attempt<P>): number | undefined {
    if (!withCertificate) return position === 0 ? handshakeType.clientKeyExchange : undefined;
    if (position === 0) return handshakeType.certificate;
    if (position === 1) return handshakeType.clientKeyExchange;
    // Who has no certificate proves nothing (RFC 5246 §7.4.8).
    return position === 2 && chain.length > 0 ? handshakeType.certificateVerify : undefined;
  }

  function take(mine: Attempt<P>, { type, body }: CollectedMessage, sequence: number): void {
    const message = handshakeMessage(type, sequence, body);
    if (type === handshakeType.certificate) {
      mine.chain = readCertificates(body);
      if (mine.chain.length === 0) mine.refusal = { alert: 'handshakeFailure', failure: 'no-certificate' };
      mine.transcript.push(message);
      mine.position++;
    } else if (type === handshakeType.clientKeyExchange) {
      const { identity, point } = readClientKeyExchange(body, keyExchange);
      const shared = ephemeral?.agree(point);
      options.onKeyExchange();
      mine.transcript.push(message);
      if (!withCertificate) {
        lookUp(mine, identity, shared, sequence).catch((error: unknown) => options.onThrown(error));
        return;
      }
      if (shared === undefined) throw new TypeError('certificates are used with ECDHE only');
      agree(mine, [{ premaster: shared, principal: undefined }]);
    } else {
      mine.refusal ??= refusalOfProof(mine, body);
      mine.transcript.push(message);
      mine.position++;
    }
  }

  async function lookUp(
    mine: Attempt<P>,
    identity: Buffer,
    shared: Buffer | undefined,
    sequence: number,
  ): Promise<void> {
    mine.isWaiting = true;
    let known: { readonly secret: Uint8Array; readonly principal: P }[];
    try {
      known = matchesOf(await options.findPsk(identity))
        .map(({ secret, principal }) => ({ secret: secretBytes(secret), principal }))
        .filter(({ secret }) => isUsable(secret));
    } catch {
      options.onLookupFailed();
      if (attempt !== mine) return;
      // As if the message had not come: it will come again, and until then nobody learns anything.
      collector.forget(sequence);
      attempt = begin();
      return;
    }
    if (attempt !== mine) return;
    // Unknown identities go on with a key that nobody has, and look like a wrong key (RFC 4279 §2).
    const nobodys = { secret: randomBytes(unknownSecretBytes), principal: undefined };
    const candidates = known.length > 0 ? known : [nobodys];
    agree(
      mine,
      candidates.map(({ secret, principal }) => ({ premaster: pskPremaster(secret, shared), principal })),
    );
    mine.isWaiting = false;
    advance();
  }

  function agree(
    mine: Attempt<P>,
    candidates: readonly { readonly premaster: Buffer; readonly principal: P | undefined }[],
  ): void {
    mine.agreed = candidates.map(({ premaster, principal }) => ({
      master: options.extendedMasterSecret
        ? extendedMasterSecret(premaster, mine.transcript)
        : masterSecret(premaster, randoms),
      principal,
    }));
    mine.position++;
  }

  return {
    add(fragment) {
      const sequence = collector.add(fragment);
      if (sequence === undefined) return;
      const begun = firstSequence + attempt.position + (attempt.isWaiting ? 1 : 0);
      if (sequence < begun) {
        if (attempts >= maxAttempts) return;
        attempt = begin();
        options.onOutcome(undefined);
      }
      advance();
    },
  };
}

function refusalOfProof(mine: Attempt<unknown>, body: Buffer): FlightRefusal | undefined {
  const key = publicKeyOf(mine.chain[0]);
  if (key === undefined) return { alert: 'badCertificate', failure: 'bad-certificate' };
  return isProof(body, key, mine.transcript) ? undefined : { alert: 'decryptError', failure: 'bad-proof' };
}

/** Keys that an identity may have at a time. */
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
