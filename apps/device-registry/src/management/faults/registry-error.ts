/** Ends a request with `{"error": …}`. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** @param message goes to the client, so it must not contain anything that the client may not know. */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** The request has a mistake. */
export function badRequest(message: string): RegistryError {
  return new RegistryError(400, message);
}

/** The answer to a request if too many others wait. */
export function busy(): RegistryError {
  return new RegistryError(503, 'too many requests are waiting: ask again in a moment', {
    'retry-after': '1',
  });
}
