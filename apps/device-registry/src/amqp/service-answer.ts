/** The answer of a service to a request (`docs/hono-compatibility.md` §18). */
export type ServiceAnswer = ServiceResult | ServiceFailure;

export interface ServiceResult {
  readonly kind: 'result';
  readonly status: number;
  /** The tenant of the answer; absent: unknown. */
  readonly tenant?: string;
  /** How long the client may remember it; absent: not stated. */
  readonly cacheControl?: string;
  /** Becomes JSON. */
  readonly body?: object;
}

/** The request cannot be carried out, or the client has no right to it. */
export interface ServiceFailure {
  readonly kind: 'failure';
  readonly status: number;
  /** A text for the client. */
  readonly text: string;
}

export function failure(status: number, text: string): ServiceFailure {
  return { kind: 'failure', status, text };
}

/** @param seconds 0: the client must not remember the answer. */
export function maxAge(seconds: number): string {
  return seconds > 0 ? `max-age = ${seconds}` : 'no-cache';
}
