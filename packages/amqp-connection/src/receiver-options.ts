import type { ReceivedMessage } from '@rollcall/hono-wire';
import type { TerminusOptions } from './terminus-options.ts';

export interface ReceiverOptions {
  /** Messages that may be under way or in the handler at a time. */
  readonly credit: number;
  /** Whether the subscription goes with its link (terminus expiry-policy `link-detach`, AMQP 1.0 §3.5.6). */
  readonly temporary?: boolean;
  /** What is asked of the source; default: nothing. */
  readonly source?: TerminusOptions;
  /** Whether the link has a session of its own: for networks that end a session over a bad address. */
  readonly ownSession?: boolean;
  /** Handles one message; the result settles it, a rejection releases it. */
  onMessage(message: ReceivedMessage, delivery: ReceivedDelivery): Promise<Settlement>;
  /** Called with the cause when the network refuses or ends the link, its session or its connection: nothing is received then. */
  onRefused?(cause: string): void;
  /** Called at every attach, and at every loss of the link with its cause. */
  onStateChange?(attached: boolean, cause?: string): void;
}

/** What becomes of a message. */
export type Settlement = 'accepted' | 'released' | 'rejected';

/** How a message came. */
export interface ReceivedDelivery {
  /** Whether its link is gone: the network sends it again, and how it is settled here means nothing. */
  gone(): boolean;
  /** Lets another message come while this one waits, once. A session has room for 2,048 that are not settled. */
  hold(): void;
}

export interface ReceiverLink {
  /** Whether messages can arrive now. */
  attached(): boolean;
  close(): Promise<void>;
}
