import { Malformed } from './malformed.ts';

/** A delivery that came in part. */
interface Unfinished {
  readonly format: number;
  readonly parts: Uint8Array[];
  bytes: number;
  /** What it takes of memory, about: the bytes of its frames, and what each part costs however short it is. */
  memoryBytes: number;
  /** One of its transfers was within a transaction. */
  isInTransaction: boolean;
}

export interface Link {
  /** The client sends on it. */
  readonly isSending: boolean;
  /** What came of the delivery that is under way; `undefined` too where that is discarded. */
  unfinished: Unfinished | undefined;
  /** More of a delivery is to come. */
  isWithin: boolean;
  /** Whatever comes on it is discarded: it is to be closed. */
  isDiscarded: boolean;
}

type Session = Map<number, Link>;

/** The sessions that a client began, by channel, and their links, by handle. All methods throw {@link Malformed}. */
export class OpenLinks {
  readonly #sessions = new Map<number, Session>();
  readonly #maxSessions: number;
  readonly #maxLinks: number;

  constructor({ maxSessions, maxLinks }: { readonly maxSessions: number; readonly maxLinks: number }) {
    this.#maxSessions = maxSessions;
    this.#maxLinks = maxLinks;
  }

  begin(channel: number): void {
    if (this.#sessions.has(channel)) throw new Malformed('a session begins twice', 'amqp:not-allowed');
    if (this.#sessions.size >= this.#maxSessions)
      throw new Malformed('too many sessions', 'amqp:resource-limit-exceeded');
    // As many channels are announced, and the library would not answer on another (AMQP 1.0 §2.7.1).
    if (channel >= this.#maxSessions)
      throw new Malformed('a channel above channel-max', 'amqp:connection:framing-error');
    this.#sessions.set(channel, new Map());
  }

  expectSession(channel: number): void {
    this.#session(channel);
  }

  /** @returns the links that end with it. */
  end(channel: number): Iterable<Link> {
    const links = this.#session(channel).values();
    this.#sessions.delete(channel);
    return links;
  }

  attach(channel: number, handle: number | undefined, isSending: boolean): void {
    const session = this.#session(channel);
    if (handle === undefined || handle >= this.#maxLinks)
      throw new Malformed('too many links', 'amqp:resource-limit-exceeded');
    if (session.has(handle)) throw new Malformed('a handle is used twice', 'amqp:session:handle-in-use');
    session.set(handle, { isSending, unfinished: undefined, isWithin: false, isDiscarded: false });
  }

  detach(channel: number, handle: number | undefined): Link {
    const link = this.link(channel, handle);
    if (handle !== undefined) this.#session(channel).delete(handle);
    return link;
  }

  link(channel: number, handle: number | undefined): Link {
    const link = handle === undefined ? undefined : this.#session(channel).get(handle);
    if (!link) throw new Malformed('there is no such link', 'amqp:session:unattached-handle');
    return link;
  }

  #session(channel: number): Session {
    const session = this.#sessions.get(channel);
    if (!session) throw new Malformed('there is no such session', 'amqp:not-allowed');
    return session;
  }
}
