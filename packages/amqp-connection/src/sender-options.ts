import type { SendOutcome } from './send-outcome.ts';
import type { TerminusOptions } from './terminus-options.ts';

export interface SenderOptions {
  /**
   * Longest wait for credit on an open link, before a message is given back as `no-credit`. While there is no link, the
   * wait is at least the connection's `linkTimeoutMs`.
   */
  readonly creditWaitMs: number;
  /** Longest wait for the outcome of a message that was sent. */
  readonly outcomeTimeoutMs: number;
  /** Messages that may wait for credit at a time; more are given back at once. Default 10,000. */
  readonly maxWaiting?: number;
  /**
   * How long messages gather, so that those of many devices leave in one system call, and wake the network once. The first
   * message after a pause as long does not wait. Default 0: a flush sends what was handed in during one turn of the event loop.
   */
  readonly gatherMs?: number;
  /** Requirements for the target; default: none. */
  readonly target?: TerminusOptions;
  /**
   * Called when messages can be sent, or may soon be, after some were given back because the peer did not answer: there is
   * a connection again, credit, or an outcome.
   */
  onReachable?(): void;
  /**
   * Whether the link has a session of its own. For networks that end a session because of a bad address, or lose it because of a full
   * queue, together with all other links of the session. Default: it shares the session of the connection.
   */
  readonly ownSession?: boolean;
}

export interface SendOptions {
  /** Whether the result waits for the peer's outcome (default), or comes once the message was handed over. */
  readonly awaitOutcome?: boolean;
  /**
   * Who owns the message. While messages wait for credit, the owners take turns, and one owner has at most a tenth of the
   * room. Default: all messages without an owner count as those of one, without that bound.
   */
  readonly turn?: string;
  /** The result is `aborted` as soon as this aborts. A message that was handed over before is not taken back. */
  readonly signal?: AbortSignal;
}

/** A logical link to one address. */
export interface SenderLink {
  /** Sends a bare AMQP 1.0 message, encoded. Never rejects, never sends twice. */
  send(message: Uint8Array, options?: SendOptions): Promise<SendOutcome>;
  /** As `send`, for callers with a promise of their own: a promise costs as much as a transfer. `done` is called once. */
  submit(message: Uint8Array, options: SendOptions, done: (outcome: SendOutcome) => void): void;
  close(): Promise<void>;
}
