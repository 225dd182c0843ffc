import { bareFrame } from './bare-frame.ts';
import { messageKind } from './check-message.ts';
import {
  coordinators,
  deliveryStates,
  expectKind,
  isDescribedAs,
  renumber,
  termini,
  transactionalStates,
  type DescribedKinds,
} from './described-kinds.ts';
import { field } from './fields.ts';
import { bodyOf, channelOf, expectNoPayload, frameTypes, performativeOf } from './frame.ts';
import { unfinishedPartBytes, type GuardLimits } from './guard-limits.ts';
import { makeFalse } from './make-false.ts';
import { Malformed } from './malformed.ts';
import { OpenLinks, type Link } from './open-links.ts';
import { ownCopy } from './own-copy.ts';
import { performatives, type Performative } from './performative.ts';
import { SaslExchange } from './sasl-exchange.ts';

/** Why a delivery is discarded: it is more than `maxMessageBytes`, or the peer took it back (AMQP 1.0 §2.6.14). */
export type DiscardReason = 'too-large' | 'aborted';

export interface ConversationOptions {
  readonly limits: GuardLimits;
  /** How many more messages the peer may send on a link; `undefined` where that is not known. */
  creditOf?(channel: number, handle: number): number | undefined;
  /** Whether a client may ask for transactions, which {@link FrameFacts} then tells; else it is cut off. */
  readonly mayAskForTransactions?: boolean;
  /**
   * Called for each transfer of a delivery that is discarded, before that is handed on without its payload: drop what the library
   * has of it, and close the link where it is `too-large`. From then on all that comes on the link is discarded. Absent: a client
   * that sends such a delivery is cut off.
   */
  onDiscard?(channel: number, handle: number, reason: DiscardReason): void;
  /** Whether the client has opened the connection. Default: no. */
  readonly isOpen?: boolean;
}

/** What a library does not say about the frame that it was just given. */
export interface FrameFacts {
  /** The body of the message that a transfer completes is a value that has a descriptor of its own. */
  readonly hasDescribedBody: boolean;
  /** The attach is to a coordinator (AMQP 1.0 §4.5.1). */
  readonly isTransactional: boolean;
  /** That message is sent within a transaction (AMQP 1.0 §4.4.1). */
  readonly isInTransaction: boolean;
  /** The transfer ends a delivery that the peer took back. */
  readonly isAborted: boolean;
}

const maxNameLength = 256;
/** About as much work for a library as one frame, where it keeps as many. */
const deliveriesLikeAFrame = 20;
/**
 * A library forgets a link, or a session, in a later tick of the turn in which that ended. One that attaches by the same name, or begins,
 * before that would get the old one back, with all that it keeps.
 */
const wholeTurn = Number.POSITIVE_INFINITY;
/** How many times its own bytes a message may hold of memory while it waits for its outcome. Most are read alone, and hold no more. */
const maxHeldTimes = 8;
/** Descriptor of an ordinary target (AMQP 1.0 §3.5.4). */
const targetDescriptor = 0x29;
/** Descriptor of `accepted` (AMQP 1.0 §3.4.2). */
const acceptedDescriptor = 0x24;
/** The format of AMQP's own messages (AMQP 1.0 §2.8.11). */
const amqpFormat = 0;

/** What a client says on a connection, frame by frame: what it may say at all, when, and how much of it. */
export class Conversation {
  /** About the last frame that was taken, if it was an attach or a transfer. Overwritten by each. */
  readonly facts: { -readonly [Fact in keyof FrameFacts]: FrameFacts[Fact] } = {
    hasDescribedBody: false,
    isTransactional: false,
    isInTransaction: false,
    isAborted: false,
  };
  /** How much of a turn of the event loop the last frame takes up, in frames. */
  turnShare = 1;
  readonly #limits: GuardLimits;
  readonly #creditOf: (channel: number, handle: number) => number | undefined;
  readonly #mayAskForTransactions: boolean;
  readonly #onDiscard: ConversationOptions['onDiscard'];
  readonly #sasl: SaslExchange;
  readonly #links: OpenLinks;
  #phase: 'before-open' | 'open' | 'closed' = 'before-open';
  /** Of all deliveries that came in part. */
  #unfinishedBytes = 0;

  constructor({
    limits,
    creditOf,
    mayAskForTransactions = false,
    onDiscard,
    isOpen = false,
  }: ConversationOptions) {
    if (isOpen) this.#phase = 'open';
    this.#limits = limits;
    this.#creditOf = creditOf ?? (() => undefined);
    this.#mayAskForTransactions = mayAskForTransactions;
    this.#onDiscard = onDiscard;
    this.#sasl = new SaslExchange(limits);
    this.#links = new OpenLinks(limits);
  }

  /** Takes a SASL frame. @throws Malformed where the client may not say that. */
  sasl(frame: Uint8Array): void {
    this.#sasl.read(frame);
  }

  /** Takes an AMQP frame. @returns what of it is handed on. @throws Malformed where the client may not say that. */
  amqp(frame: Uint8Array): Uint8Array {
    this.turnShare = 1;
    const start = bodyOf(frame, frameTypes.amqp);
    const isHeartbeat = start === frame.length;
    if (isHeartbeat) return frame;
    const performative = performativeOf(frame, start, this.#limits);
    this.#expectPhaseFor(performative);
    if (performative.code === performatives.transfer)
      return this.#transfer(channelOf(frame), performative, frame);
    expectNoPayload(performative, frame);
    this.#read(performative, frame);
    return frame;
  }

  #expectPhaseFor({ code }: Performative): void {
    const isOpen = code === performatives.open;
    if (this.#phase === 'closed')
      throw new Malformed('a connection goes on after its close', 'amqp:not-allowed');
    if (this.#phase === 'open' && isOpen) throw new Malformed('a connection opens twice', 'amqp:not-allowed');
    if (this.#phase === 'before-open' && !isOpen)
      throw new Malformed('a connection does not open', 'amqp:not-allowed');
  }

  #read(performative: Performative, frame: Uint8Array): void {
    const channel = channelOf(frame);
    switch (performative.code) {
      case performatives.open:
        this.#phase = 'open';
        return;
      case performatives.begin:
        // It answers a session that the server began: there is none. A library would take one for it that just ended, with all its links.
        if (performative.has(field.begin.remoteChannel))
          throw new Malformed('a session that the server did not begin', 'amqp:not-allowed');
        return this.#links.begin(channel);
      case performatives.attach:
        return this.#attach(channel, performative, frame);
      case performatives.flow:
        return this.#flow(channel, performative, frame);
      case performatives.disposition:
        return this.#disposition(channel, performative, frame);
      case performatives.detach:
        this.turnShare = wholeTurn;
        return this.#forget(this.#links.detach(channel, performative.uint(field.detach.handle)));
      case performatives.end:
        this.turnShare = wholeTurn;
        for (const link of this.#links.end(channel)) this.#forget(link);
        return;
      case performatives.close:
        this.#phase = 'closed';
        return;
      default:
        throw new Malformed('not for a client to say', 'amqp:not-allowed');
    }
  }

  #attach(channel: number, performative: Performative, frame: Uint8Array): void {
    // True for a receiver (AMQP 1.0 §2.8.1).
    const isSending = !performative.boolean(field.attach.role);
    this.#links.attach(channel, performative.uint(field.attach.handle), isSending);
    const name = performative.text(field.attach.name);
    // Libraries keep links in objects, by their names.
    if (name === undefined || name.length > maxNameLength || name in Object.prototype)
      throw new Malformed('a link has no proper name');
    const target = performative.at(field.attach.target);
    this.facts.isTransactional = this.#takeAsOrdinary(coordinators, frame, target, targetDescriptor);
    for (const end of [field.attach.source, field.attach.target])
      expectKind(termini, frame, performative.at(end), 'a terminus');
  }

  /**
   * Whether the value at `at` is of these kinds, which transactions alone have. A library takes it for an ordinary one: it would print
   * the other on the console.
   */
  #takeAsOrdinary(
    kinds: DescribedKinds,
    frame: Uint8Array,
    at: number | undefined,
    ordinaryDescriptor: number,
  ): boolean {
    return (
      this.#mayAskForTransactions &&
      at !== undefined &&
      isDescribedAs(kinds, frame, at) &&
      renumber(frame, at, ordinaryDescriptor)
    );
  }

  #flow(channel: number, performative: Performative, frame: Uint8Array): void {
    const drains = performative.boolean(field.flow.drain);
    if (!performative.has(field.flow.handle)) return this.#links.expectSession(channel);
    const { isSending } = this.#links.link(channel, performative.uint(field.flow.handle));
    // It is for the receiver to say (AMQP 1.0 §2.7.4). A library would take the credit of the link from a sender that says it.
    if (isSending && drains) makeFalse(frame, performative.at(field.flow.drain));
  }

  #transfer(channel: number, performative: Performative, frame: Uint8Array): Uint8Array {
    const handle = performative.uint(field.transfer.handle) ?? -1;
    const link = this.#links.link(channel, handle);
    const isFirst = !link.isWithin;
    if (isFirst && (this.#creditOf(channel, handle) ?? 1) < 1)
      throw new Malformed('more messages than there was credit for', 'amqp:link:transfer-limit-exceeded');
    // A library counts on from it.
    performative.uint(field.transfer.deliveryId);
    const { facts } = this;
    facts.isAborted = performative.boolean(field.transfer.aborted);
    // Of a delivery that is aborted, no more is to come (AMQP 1.0 §2.7.5).
    if (facts.isAborted) makeFalse(frame, performative.at(field.transfer.more));
    link.isWithin = performative.boolean(field.transfer.more);
    const isInTransaction = this.#takeState(frame, performative.at(field.transfer.state));
    const reason = this.#discardReason(link, frame.length - performative.end);
    if (reason !== undefined) {
      this.#discard(channel, handle, link, reason);
      return bareFrame(frame, performative.end, isFirst);
    }
    // What is kept of it must not hold the 64 kB that were read with it.
    const holdsMuch = frame.buffer.byteLength > maxHeldTimes * frame.length;
    const own = link.isWithin || holdsMuch ? ownCopy(frame) : frame;
    const payload = own.subarray(performative.end);
    const format = link.unfinished?.format ?? performative.uint(field.transfer.messageFormat) ?? amqpFormat;
    if (link.isWithin) this.#keepPart(link, format, payload, isInTransaction);
    else this.#complete(link, format, payload, isInTransaction);
    return isFirst && payload.length === 0 ? bareFrame(frame, performative.end, true) : own;
  }

  #discardReason(link: Link, bytes: number): DiscardReason | undefined {
    if (link.isDiscarded || (link.unfinished?.bytes ?? 0) + bytes > this.#limits.maxMessageBytes)
      return 'too-large';
    return this.facts.isAborted ? 'aborted' : undefined;
  }

  #discard(channel: number, handle: number, link: Link, reason: DiscardReason): void {
    if (!this.#onDiscard)
      throw reason === 'aborted'
        ? new Malformed('aborted deliveries are not supported', 'amqp:not-implemented')
        : new Malformed('a message is too large', 'amqp:resource-limit-exceeded');
    this.#forget(link);
    if (reason === 'too-large') link.isDiscarded = true;
    this.#onDiscard(channel, handle, reason);
  }

  /** The message is whole: it is looked into before the library decodes it. */
  #complete(link: Link, format: number, payload: Uint8Array, isInTransaction: boolean): void {
    const { unfinished } = link;
    const message = unfinished ? Buffer.concat([...unfinished.parts, payload]) : payload;
    this.#forget(link);
    // A message of another format is not decoded.
    const kind = format === amqpFormat ? messageKind(message, this.#limits) : 'plain';
    const { facts } = this;
    facts.hasDescribedBody = kind === 'described';
    facts.isInTransaction = isInTransaction || unfinished?.isInTransaction === true;
    if (kind === 'unsafe') throw new Malformed('a message is malformed, or has too many values');
  }

  /** Whether a delivery state is that of a transaction. */
  #takeState(frame: Uint8Array, at: number | undefined): boolean {
    const isTransactional = this.#takeAsOrdinary(transactionalStates, frame, at, acceptedDescriptor);
    expectKind(deliveryStates, frame, at, 'a delivery state');
    return isTransactional;
  }

  /** More of the message is to come. `payload` is a part of its frame's own copy. */
  #keepPart(link: Link, format: number, payload: Uint8Array, isInTransaction: boolean): void {
    const unfinished = (link.unfinished ??= {
      format,
      parts: [],
      bytes: 0,
      memoryBytes: 0,
      isInTransaction: false,
    });
    unfinished.isInTransaction ||= isInTransaction;
    // No one needs an empty one, and the library keeps none either.
    if (payload.length === 0) return;
    unfinished.parts.push(payload);
    unfinished.bytes += payload.length;
    const memoryBytes = payload.buffer.byteLength + unfinishedPartBytes;
    unfinished.memoryBytes += memoryBytes;
    this.#unfinishedBytes += memoryBytes;
    if (this.#unfinishedBytes > this.#limits.maxUnfinishedBytes)
      throw new Malformed('too much that is not finished', 'amqp:resource-limit-exceeded');
  }

  #forget(link: Link): void {
    this.#unfinishedBytes -= link.unfinished?.memoryBytes ?? 0;
    link.unfinished = undefined;
  }

  #disposition(channel: number, performative: Performative, frame: Uint8Array): void {
    this.#links.expectSession(channel);
    const first = performative.uint(field.disposition.first);
    const last = performative.uint(field.disposition.last) ?? first;
    if (first === undefined || last === undefined) throw new Malformed('a disposition is about nothing');
    if (last < first || last - first > this.#limits.maxDispositionSpan)
      throw new Malformed('a disposition is about too much', 'amqp:resource-limit-exceeded');
    this.turnShare = 1 + (last - first) / deliveriesLikeAFrame;
    this.#takeState(frame, performative.at(field.disposition.state));
  }
}
