/** Ends a request with `{"error": …}`. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** @param message is given to whoever asked: it holds nothing that they may not know. */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** What a client sent is wrong. */
export function badRequest(message: string): RegistryError {
  return new RegistryError(400, message);
}

/** What whoever has to give way to others is told. */
export function busy(): RegistryError {
  return new RegistryError(503, 'too many requests are waiting: ask again in a moment', {
    'retry-after': '1',
  });
}
