import type { Clock, Log } from '@rollcall/core/environment';
import type { ServedBounds } from '@rollcall/rhea-internals/server';
import type { ThrottledLogins } from '../auth/throttled-logins.ts';
import type { Services } from './answer-request.ts';

/** What all connections of the services share. */
export interface ServiceHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly services: Services;
  readonly logins: ThrottledLogins;
  readonly bounds: ServiceBounds;
  /** A client has logged in. @returns whether there is room for one more. */
  admit(): boolean;
  /** A client that was admitted has disconnected. */
  left(): void;
  failed(where: string, error: unknown): void;
  /** Counts an answer. */
  answered(endpoint: string, status: number): void;
}

/** The bounds of one client. Adapters have three links for each tenant, and a request is one message. */
export interface ServiceBounds extends ServedBounds {
  /** Time within which a client must log in. */
  readonly openTimeoutMs: number;
  /** How many unanswered requests a client may have. Further ones are answered with 503. */
  readonly maxUnderWay: number;
}
