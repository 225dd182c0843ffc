import { isSafeMessage } from './check-message.ts';
import { deliveryStates, expectKind, termini } from './described-kinds.ts';
import type { GuardLimits } from './guard-limits.ts';
import { Malformed } from './malformed.ts';
import { performatives, readPerformative, type Performative } from './performative.ts';

export interface ConversationOptions {
  readonly limits: GuardLimits;
  /** How many more messages the peer may send on a link; `undefined` where that is not known. */
  creditOf?(channel: number, handle: number): number | undefined;
}

/** What a client says on a connection, frame by frame. Each call throws {@link Malformed} where it may not say that. */
export interface Conversation {
  /** A SASL frame. */
  sasl(frame: Uint8Array): void;
  /** An AMQP frame. */
  amqp(frame: Uint8Array): void;
}

/** A delivery that came in part. */
interface Unfinished {
  readonly format: number;
  readonly parts: Uint8Array[];
  bytes: number;
}

interface Link {
  unfinished: Unfinished | undefined;
}

/** Bytes of frame header before the body, at least (AMQP 1.0 §2.3.1). */
const headerBytes = 8;
const frameTypes = { amqp: 0, sasl: 1 } as const;
const maxNameLength = 256;
/** The format of AMQP's own messages (AMQP 1.0 §2.8.11). */
const amqpFormat = 0;
/** Fields of performatives, by their place (AMQP 1.0 §2.7). */
const field = {
  attach: { name: 0, handle: 1, source: 5, target: 6 },
  flow: { handle: 4 },
  transfer: { handle: 0, messageFormat: 3, more: 5, state: 7, aborted: 9 },
  disposition: { first: 1, last: 2, state: 4 },
  detach: { handle: 0 },
  saslInit: { mechanism: 0, initialResponse: 1 },
} as const;

/** The side of a conversation that a client has: what it may say at all, when, and how much of it. */
export function createConversation({ limits, creditOf }: ConversationOptions): Conversation {
  const sessions = new Map<number, Map<number, Link>>();
  let presented = false;
  let phase: 'before-open' | 'open' | 'closed' = 'before-open';
  let unfinishedBytes = 0;

  function bodyOf(frame: Uint8Array, type: number): number {
    const start = (frame[4] ?? 0) * 4;
    if (start < headerBytes || start > frame.length) throw new Malformed('a frame begins its body elsewhere');
    if (frame[5] !== type) throw new Malformed('a frame is of another type');
    return start;
  }

  function read(frame: Uint8Array, start: number): Performative {
    return readPerformative(frame, start, frame.length, {
      valuesLeft: limits.maxValues,
      maxDepth: limits.maxDepth,
    });
  }

  function withoutPayload({ end }: Performative, frame: Uint8Array): void {
    if (end !== frame.length) throw new Malformed('a frame goes on after its performative');
  }

  function sessionOf(channel: number): Map<number, Link> {
    const session = sessions.get(channel);
    if (!session) throw new Malformed('there is no such session');
    return session;
  }

  function linkOf(channel: number, handle: number | undefined): Link {
    const link = handle === undefined ? undefined : sessionOf(channel).get(handle);
    if (!link) throw new Malformed('there is no such link');
    return link;
  }

  function begin(channel: number): void {
    if (sessions.has(channel)) throw new Malformed('a session begins twice');
    if (sessions.size >= limits.maxSessions) throw new Malformed('too many sessions');
    sessions.set(channel, new Map());
  }

  function endSession(channel: number): void {
    for (const link of sessionOf(channel).values()) forget(link);
    sessions.delete(channel);
  }

  function attach(channel: number, performative: Performative, frame: Uint8Array): void {
    const session = sessionOf(channel);
    const handle = performative.uint(field.attach.handle);
    if (handle === undefined || handle >= limits.maxLinks) throw new Malformed('too many links');
    if (session.has(handle)) throw new Malformed('a handle is used twice');
    const name = performative.text(field.attach.name);
    // Libraries keep links in objects, by their names.
    if (name === undefined || name.length > maxNameLength || name in Object.prototype)
      throw new Malformed('a link has no proper name');
    for (const end of [field.attach.source, field.attach.target])
      expectKind(termini, frame, performative.at(end), 'a terminus');
    session.set(handle, { unfinished: undefined });
  }

  function detach(channel: number, handle: number | undefined): void {
    forget(linkOf(channel, handle));
    if (handle !== undefined) sessionOf(channel).delete(handle);
  }

  function transfer(channel: number, performative: Performative, frame: Uint8Array): void {
    const handle = performative.uint(field.transfer.handle);
    const link = linkOf(channel, handle);
    if (performative.boolean(field.transfer.aborted))
      throw new Malformed('aborted deliveries are not supported');
    if (!link.unfinished && handle !== undefined && (creditOf?.(channel, handle) ?? 1) < 1)
      throw new Malformed('more messages than there was credit for');
    expectKind(deliveryStates, frame, performative.at(field.transfer.state), 'a delivery state');
    const payload = frame.subarray(performative.end);
    const format = link.unfinished?.format ?? performative.uint(field.transfer.messageFormat) ?? amqpFormat;
    const bytes = (link.unfinished?.bytes ?? 0) + payload.length;
    if (bytes > limits.maxMessageBytes) throw new Malformed('a message is too large');

    if (performative.boolean(field.transfer.more)) {
      const unfinished = (link.unfinished ??= { format, parts: [], bytes: 0 });
      unfinished.parts.push(Uint8Array.from(payload));
      unfinished.bytes = bytes;
      // So many links may be in the middle of a message at a time.
      if ((unfinishedBytes += payload.length) > 2 * limits.maxMessageBytes)
        throw new Malformed('too much that is not finished');
      return;
    }
    const message = link.unfinished ? Buffer.concat([...link.unfinished.parts, payload]) : payload;
    forget(link);
    // Nobody decodes what is of another format.
    if (format === amqpFormat && !isSafeMessage(message, limits))
      throw new Malformed('a message is malformed, or has too many values');
  }

  function forget(link: Link): void {
    unfinishedBytes -= link.unfinished?.bytes ?? 0;
    link.unfinished = undefined;
  }

  function disposition(performative: Performative, frame: Uint8Array): void {
    const first = performative.uint(field.disposition.first);
    const last = performative.uint(field.disposition.last) ?? first;
    if (first === undefined || last === undefined) throw new Malformed('a disposition is about nothing');
    if (last < first || last - first > limits.maxDispositionSpan)
      throw new Malformed('a disposition is about too much');
    expectKind(deliveryStates, frame, performative.at(field.disposition.state), 'a delivery state');
  }

  return {
    sasl(frame) {
      const performative = read(frame, bodyOf(frame, frameTypes.sasl));
      withoutPayload(performative, frame);
      switch (performative.code) {
        case performatives.saslInit: {
          if (presented) throw new Malformed('SASL begins twice');
          presented = true;
          const mechanism = performative.text(field.saslInit.mechanism);
          if (mechanism === undefined || !/^[A-Z0-9_-]{1,20}$/.test(mechanism))
            throw new Malformed('a mechanism has no proper name');
          const response = field.saslInit.initialResponse;
          if (performative.has(response) && !performative.isBinary(response))
            throw new Malformed('a SASL response is not binary');
          return;
        }
        case performatives.saslResponse:
          if (!presented) throw new Malformed('SASL goes on before it began');
          if (!performative.isBinary(0)) throw new Malformed('a SASL response is not binary');
          return;
        default:
          throw new Malformed('not for a client to say');
      }
    },

    amqp(frame) {
      const start = bodyOf(frame, frameTypes.amqp);
      // A heartbeat.
      if (start === frame.length) return;
      const performative = read(frame, start);
      const channel = ((frame[6] ?? 0) << 8) | (frame[7] ?? 0);
      const { code } = performative;
      if (code !== performatives.transfer) withoutPayload(performative, frame);
      if (phase === 'closed') throw new Malformed('a connection goes on after its close');
      if ((phase === 'before-open') !== (code === performatives.open))
        throw new Malformed(phase === 'open' ? 'a connection opens twice' : 'a connection does not open');
      switch (code) {
        case performatives.open:
          phase = 'open';
          return;
        case performatives.begin:
          return begin(channel);
        case performatives.attach:
          return attach(channel, performative, frame);
        case performatives.flow:
          if (performative.has(field.flow.handle)) linkOf(channel, performative.uint(field.flow.handle));
          else sessionOf(channel);
          return undefined;
        case performatives.transfer:
          return transfer(channel, performative, frame);
        case performatives.disposition:
          sessionOf(channel);
          return disposition(performative, frame);
        case performatives.detach:
          return detach(channel, performative.uint(field.detach.handle));
        case performatives.end:
          return endSession(channel);
        case performatives.close:
          phase = 'closed';
          return undefined;
        default:
          throw new Malformed('not for a client to say');
      }
    },
  };
}
