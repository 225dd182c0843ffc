import { isSafeMessage } from './check-message.ts';
import { deliveryStates, expectKind, termini } from './described-kinds.ts';
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
}

const maxNameLength = 256;
/** The format of AMQP's own messages (AMQP 1.0 §2.8.11). */
const amqpFormat = 0;

/** What a client says on a connection, frame by frame: what it may say at all, when, and how much of it. */
export class Conversation {
  readonly #limits: GuardLimits;
  readonly #creditOf: (channel: number, handle: number) => number | undefined;
  readonly #sasl: SaslExchange;
  readonly #links: OpenLinks;
  #phase: 'before-open' | 'open' | 'closed' = 'before-open';
  /** Of all deliveries that came in part. */
  #unfinishedBytes = 0;

  constructor({ limits, creditOf }: ConversationOptions) {
    this.#limits = limits;
    this.#creditOf = creditOf ?? (() => undefined);
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
    for (const end of [field.attach.source, field.attach.target])
      expectKind(termini, frame, performative.at(end), 'a terminus');
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
    if (format === amqpFormat && !isSafeMessage(message, this.#limits))
      throw new Malformed('a message is malformed, or has too many values');
    return undefined;
  }

  /** More of the message is to come. */
  #keepPart(link: Link, format: number, payload: Uint8Array): void {
    const unfinished = (link.unfinished ??= { format, parts: [], bytes: 0 });
    unfinished.parts.push(Uint8Array.from(payload));
    unfinished.bytes += payload.length;
    this.#unfinishedBytes += payload.length;
    // Two of the largest messages may be unfinished at a time, or more smaller ones.
    if (this.#unfinishedBytes > 2 * this.#limits.maxMessageBytes)
      throw new Malformed('too much that is not finished');
  }

  #forget(link: Link): void {
    this.#unfinishedBytes -= link.unfinished?.bytes ?? 0;
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
