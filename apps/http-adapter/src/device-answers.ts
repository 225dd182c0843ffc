import { refusalStatuses, type Refusal } from '@rollcall/access';
import type { UploadFailure } from '@rollcall/core/device-data';
import type { HeaderProblem } from './credentials.ts';

/** What a device is told when its request cannot be done. */
export interface ErrorAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** Seconds that a device is asked to wait where trying again may help. */
const retryAfterSeconds = 2;

export function answerRefusal({ reason, text }: Refusal, realm: string): ErrorAnswer {
  const status = refusalStatuses[reason];
  const headers = status === 401 ? { 'www-authenticate': challenges(realm) } : retryAfter(status);
  return { status, text, headers };
}

/** A header for each scheme, as Hono: not every client can read two of them in one (RFC 9110 §11.6.1). */
function challenges(realm: string): string[] {
  return [`Basic realm="${realm}"`, `Bearer realm="${realm}"`];
}

const textsOfNoLogin: Readonly<Record<Exclude<HeaderProblem, 'malformed'>, string>> = {
  missing: 'credentials are missing',
  unusable: 'malformed credentials',
};

/** There is nothing that a device could be looked up by. */
export function answerNoLogin(problem: HeaderProblem, realm: string): ErrorAnswer {
  return problem === 'malformed'
    ? { status: 400, text: 'malformed authorization header', headers: {} }
    : answerRefusal({ reason: 'bad-credentials', text: textsOfNoLogin[problem] }, realm);
}

/** As Hono, a gateway that is disabled or not registered is told so, and not that a device is. */
export function answerGatewayRefusal(refusal: Refusal, realm: string): ErrorAnswer {
  return refusal.reason === 'device-not-registered'
    ? { status: 403, text: 'gateway is disabled or not registered', headers: {} }
    : answerRefusal(refusal, realm);
}

/** As Hono, an internal error is no fault of the device: it may try again. */
export function answerFailure({ status, text }: UploadFailure): ErrorAnswer {
  const told = status === 500 ? 503 : status;
  return { status: told, text, headers: retryAfter(told) };
}

function retryAfter(status: number): ErrorAnswer['headers'] {
  return status === 503 || status === 429 ? { 'retry-after': String(retryAfterSeconds) } : {};
}
