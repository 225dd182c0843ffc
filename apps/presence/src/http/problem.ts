import type { RawAnswer } from '@rollcall/http-service';

/** Kinds of errors of the API. `docs/presence.md` lists them. */
export type ProblemKind = keyof typeof kinds;

const kinds = {
  'bad-input': { status: 400, title: 'The request has a mistake' },
  'malformed-request': { status: 400, title: 'The request cannot be read' },
  'no-token': { status: 401, title: 'The request has no valid token' },
  'not-allowed': { status: 403, title: 'The token does not allow this' },
  'not-found': { status: 404, title: 'There is nothing at this path' },
  'method-not-allowed': { status: 405, title: 'This path has no such method' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  misdirected: { status: 421, title: 'The request is for another host' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'This cannot be answered now' },
  'too-many-watchers': { status: 503, title: 'There are too many readers of watch' },
  busy: { status: 503, title: 'Too many requests are waiting' },
} as const;

/** An error as the client gets it (RFC 9457). */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** For 400, where the mistake is: a parameter of path or query, or a place in the body. */
  readonly field?: string;
}

export interface ProblemFacts {
  readonly detail?: string;
  readonly field?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Ends a request with a problem document. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly field: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: ProblemKind, { detail, field, headers = {} }: ProblemFacts = {}) {
    super(detail ?? '');
    this.name = 'Problem';
    this.kind = kind;
    this.field = field;
    this.headers = headers;
  }

  get status(): number {
    return kinds[this.kind].status;
  }

  get document(): ProblemDocument {
    const { status, title } = kinds[this.kind];
    return {
      type: `urn:rollcall:problem:${this.kind}`,
      title,
      status,
      ...(this.message !== '' && { detail: this.message }),
      ...(this.field !== undefined && { field: this.field }),
    };
  }
}

/** What a client sent is wrong in one place. */
export function badInput(field: string, detail: string): Problem {
  return new Problem('bad-input', { field, detail: `${field}: ${detail}` });
}

/** The answer if the request could not be parsed. */
export function rawProblem(kind: ProblemKind): RawAnswer {
  const { status, document } = new Problem(kind);
  return {
    ...{ status, title: document.title, contentType: problemContentType },
    body: JSON.stringify(document),
  };
}

/** The answer to a request if too many others wait. */
export function busy(): Problem {
  return new Problem('busy', { detail: 'ask again in a moment', headers: { 'retry-after': '1' } });
}

export const problemContentType = 'application/problem+json; charset=utf-8';
