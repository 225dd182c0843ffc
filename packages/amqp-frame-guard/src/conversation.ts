import { messageKind } from './check-message.ts';
import {
  coordinators,
  deliveryStates,
  expectKind,
  isDescribedAs,
  renumber,
  termini,
} from './described-kinds.ts';
import { field } from './fields.ts';
import { bodyOf, channelOf, expectNoPayload, frameTypes, performativeOf } from './frame.ts';
import type { GuardLimits } from './guard-limits.ts';
import { Malformed } from './malformed.ts';
import { OpenLinks, type Link } from './open-links.ts';
import { performatives, type Performative } from './performative.ts';
import { SaslExchange } from './sasl-exchange.ts';

export interface ConversationOptions {
  readonly limits: GuardLimits;
  /** How many more messages the peer may send on a link; `undefined` where that is not known. */
  creditOf?(channel: number, handle: number): number | undefined;
  /** Whether a client may ask for transactions, which {@link FrameFacts} then tells; else it is cut off. */
  readonly mayAskForTransactions?: boolean;
}

/** What a library does not tell of the frame that it was just handed. */
export interface FrameFacts {
  /** Bytes of the message that a transfer completes, with all that stands beside its payload. */
  readonly messageBytes: number;
  /** The body of that message is a value that has a descriptor of its own. */
  readonly hasDescribedBody: boolean;
  /** The attach is to a coordinator (AMQP 1.0 §4.5.1). */
  readonly isTransactional: boolean;
}

const maxNameLength = 256;
/** What a part of a message that is not finished costs beside its bytes: a client may send any number of empty ones. */
const partBytes = 32;
/** Descriptor of an ordinary target (AMQP 1.0 §3.5.4). */
const targetDescriptor = 0x29;
/** The format of AMQP's own messages (AMQP 1.0 §2.8.11). */
const amqpFormat = 0;

/** What a client says on a connection, frame by frame: what it may say at all, when, and how much of it. */
export class Conversation {
  /** About the last frame that was taken, if it was an attach or a transfer. Written anew for each. */
  readonly facts: { -readonly [Fact in keyof FrameFacts]: FrameFacts[Fact] } = {
    messageBytes: 0,
    hasDescribedBody: false,
    isTransactional: false,
  };
  readonly #limits: GuardLimits;
  readonly #creditOf: (channel: number, handle: number) => number | undefined;
  readonly #mayAskForTransactions: boolean;
  readonly #sasl: SaslExchange;
  readonly #links: OpenLinks;
  #phase: 'before-open' | 'open' | 'closed' = 'before-open';
  /** Of all deliveries that came in part. */
  #unfinishedBytes = 0;

  constructor({ limits, creditOf, mayAskForTransactions = false }: ConversationOptions) {
    this.#limits = limits;
    this.#creditOf = creditOf ?? (() => undefined);
    this.#mayAskForTransactions = mayAskForTransactions;
    this.#sasl = new SaslExchange(limits);
    this.#links = new OpenLinks(limits);
  }

  /** Takes a SASL frame. @throws Malformed where the client may not say that. */
  sasl(frame: Uint8Array): void {
    this.#sasl.read(frame);
  }

  /** Takes an AMQP frame. @throws Malformed where the client may not say that. */
  amqp(frame: Uint8Array): void {
    const start = bodyOf(frame, frameTypes.amqp);
    const isHeartbeat = start === frame.length;
    if (isHeartbeat) return;
    const performative = performativeOf(frame, start, this.#limits);
    if (performative.code !== performatives.transfer) expectNoPayload(performative, frame);
    this.#expectPhaseFor(performative);
    this.#read(performative, frame);
  }

  #expectPhaseFor({ code }: Performative): void {
    const isOpen = code === performatives.open;
    if (this.#phase === 'closed') throw new Malformed('a connection goes on after its close');
    if (this.#phase === 'open' && isOpen) throw new Malformed('a connection opens twice');
    if (this.#phase === 'before-open' && !isOpen) throw new Malformed('a connection does not open');
  }

  #read(performative: Performative, frame: Uint8Array): void {
    const channel = channelOf(frame);
    switch (performative.code) {
      case performatives.open:
        this.#phase = 'open';
        return;
      case performatives.begin:
        return this.#links.begin(channel);
      case performatives.attach:
        return this.#attach(channel, performative, frame);
      case performatives.flow:
        return this.#flow(channel, performative);
      case performatives.transfer:
        return this.#transfer(channel, performative, frame);
      case performatives.disposition:
        return this.#disposition(channel, performative, frame);
      case performatives.detach:
        return this.#forget(this.#links.detach(channel, performative.uint(field.detach.handle)));
      case performatives.end:
        for (const link of this.#links.end(channel)) this.#forget(link);
        return;
      case performatives.close:
        this.#phase = 'closed';
        return;
      default:
        throw new Malformed('not for a client to say');
    }
  }

  #attach(channel: number, performative: Performative, frame: Uint8Array): void {
    this.#links.attach(channel, performative.uint(field.attach.handle));
    const name = performative.text(field.attach.name);
    // Libraries keep links in objects, by their names.
    if (name === undefined || name.length > maxNameLength || name in Object.prototype)
      throw new Malformed('a link has no proper name');
    this.facts.isTransactional = this.#takeCoordinator(frame, performative.at(field.attach.target));
    for (const end of [field.attach.source, field.attach.target])
      expectKind(termini, frame, performative.at(end), 'a terminus');
  }

  /** Whether the target is a coordinator. A library takes it for an ordinary target: it would print the other on the console. */
  #takeCoordinator(frame: Uint8Array, at: number | undefined): boolean {
    if (!this.#mayAskForTransactions || at === undefined || !isDescribedAs(coordinators, frame, at))
      return false;
    return renumber(frame, at, targetDescriptor);
  }

  #flow(channel: number, performative: Performative): void {
    if (performative.has(field.flow.handle)) this.#links.link(channel, performative.uint(field.flow.handle));
    else this.#links.expectSession(channel);
  }

  #transfer(channel: number, performative: Performative, frame: Uint8Array): void {
    const handle = performative.uint(field.transfer.handle);
    const link = this.#links.link(channel, handle);
    const { unfinished } = link;
    if (performative.boolean(field.transfer.aborted))
      throw new Malformed('aborted deliveries are not supported');
    if (!unfinished && handle !== undefined && (this.#creditOf(channel, handle) ?? 1) < 1)
      throw new Malformed('more messages than there was credit for');
    expectKind(deliveryStates, frame, performative.at(field.transfer.state), 'a delivery state');
    const payload = frame.subarray(performative.end);
    const format = unfinished?.format ?? performative.uint(field.transfer.messageFormat) ?? amqpFormat;
    const bytes = (unfinished?.bytes ?? 0) + payload.length;
    if (bytes > this.#limits.maxMessageBytes) throw new Malformed('a message is too large');
    if (performative.boolean(field.transfer.more)) return this.#keepPart(link, format, payload);
    const message = unfinished ? Buffer.concat([...unfinished.parts, payload]) : payload;
    this.#forget(link);
    // A message of another format is not decoded.
    const kind = format === amqpFormat ? messageKind(message, this.#limits) : 'plain';
    const { facts } = this;
    facts.messageBytes = bytes;
    facts.hasDescribedBody = kind === 'described';
    if (kind === 'unsafe') throw new Malformed('a message is malformed, or has too many values');
    return undefined;
  }

  /** More of the message is to come. */
  #keepPart(link: Link, format: number, payload: Uint8Array): void {
    const unfinished = (link.unfinished ??= { format, parts: [], bytes: 0, memoryBytes: 0 });
    unfinished.parts.push(Uint8Array.from(payload));
    unfinished.bytes += payload.length;
    unfinished.memoryBytes += payload.length + partBytes;
    this.#unfinishedBytes += payload.length + partBytes;
    // Two of the largest messages may be unfinished at a time, or more smaller ones.
    if (this.#unfinishedBytes > 2 * this.#limits.maxMessageBytes)
      throw new Malformed('too much that is not finished');
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
      throw new Malformed('a disposition is about too much');
    expectKind(deliveryStates, frame, performative.at(field.disposition.state), 'a delivery state');
  }
}
