import type { Instant } from '@rollcall/core';

/** A question to a service. It changes nothing, so it may be asked twice. */
export interface Question {
  /** The address to send it to, e.g. `registration/<tenant>`. */
  readonly address: string;
  /** The operation. */
  readonly subject: string;
  readonly properties: Readonly<Record<string, string>>;
  /** JSON; absent: the message has no body. */
  readonly body?: Uint8Array;
}

/** What a service answered, not yet understood. */
export interface ServiceAnswer {
  readonly kind: 'answered';
  /** As in HTTP. */
  readonly status: number;
  readonly cacheControl?: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/**
 * Why there is no answer:
 * - `away`: there is no connection.
 * - `timeout`: it did not answer in time, or said that it cannot answer.
 * - `refused`: it does not take the question.
 * - `busy`: too many questions wait.
 * - `unusable`: the message that came is not an answer.
 */
export type Failure = 'away' | 'timeout' | 'refused' | 'busy' | 'unusable';

export interface Failed {
  readonly kind: 'failed';
  readonly why: Failure;
  /** Whether the service answers other questions. */
  readonly onlyThis: boolean;
}

export type Asked = ServiceAnswer | Failed;

/** A question until its result is known. */
export interface OpenQuestion {
  readonly id: string;
  readonly question: Question;
  /** Whether it is only asked to see whether the service answers. */
  readonly isProbe: boolean;
  /** Until when it may wait for a connection and a link. */
  readonly sendBy: Instant;
  /** How many answers the service had given when this question was sent. */
  heardBefore: number;
  /** Stops its timer. */
  disarm(): void;
  /** Called once. */
  readonly done: (asked: Asked | Promise<Asked>) => void;
}
