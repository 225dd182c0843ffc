/** What a service answers a request with (`docs/hono-compatibility.md` §18). */
export type ServiceAnswer = ServiceResult | ServiceFailure;

export interface ServiceResult {
  readonly kind: 'result';
  readonly status: number;
  /** Whose it is; absent: nobody knows. */
  readonly tenant?: string;
  /** How long the client may remember it; absent: nothing is said of that. */
  readonly cacheControl?: string;
  /** Becomes JSON. */
  readonly body?: object;
}

/** The request cannot be carried out, or its client may not ask that. */
export interface ServiceFailure {
  readonly kind: 'failure';
  readonly status: number;
  /** For the client to read. */
  readonly text: string;
}

export function failure(status: number, text: string): ServiceFailure {
  return { kind: 'failure', status, text };
}

/** @param seconds 0: the client must not remember the answer. */
export function maxAge(seconds: number): string {
  return seconds > 0 ? `max-age = ${seconds}` : 'no-cache';
}
