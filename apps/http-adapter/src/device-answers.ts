import { refusalStatuses, type Refusal } from '@rollcall/access';
import type { UploadFailure } from '@rollcall/core';

/** What a device is told when its request cannot be done. */
export interface ErrorAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Seconds that a device is asked to wait where trying again may help. */
const retryAfterSeconds = 2;

export function answerRefusal({ reason, text }: Refusal, realm: string): ErrorAnswer {
  const status = refusalStatuses[reason];
  const headers = status === 401 ? { 'www-authenticate': `Basic realm="${realm}"` } : retryAfter(status);
  return { status, text, headers };
}

/** As Hono, an internal error is no fault of the device: it may try again. */
export function answerFailure({ status, text }: UploadFailure): ErrorAnswer {
  const told = status === 500 ? 503 : status;
  return { status: told, text, headers: retryAfter(told) };
}

function retryAfter(status: number): ErrorAnswer['headers'] {
  return status === 503 || status === 429 ? { 'retry-after': String(retryAfterSeconds) } : {};
}
