import type { StreamAnswer } from '../logic/follow-tenant.ts';

const tokenKey = 'rollcall-presence-token';
/** A service that is stopped takes requests, and does not answer: what is shown would be taken for what is. */
const answerWithinMs = 20_000;

/** What the service refused. */
class ServiceError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ServiceError';
    this.status = status;
  }
}

/** Asks the service this page came from, whatever the prefix of its path, with the token of this tab. */
class Service {
  readonly #base = new URL('.', document.baseURI);
  readonly #refused = new Set<() => void>();

  get token(): string | undefined {
    return sessionStorage.getItem(tokenKey) ?? undefined;
  }

  setToken(token: string | undefined): void {
    if (token === undefined) sessionStorage.removeItem(tokenKey);
    else sessionStorage.setItem(tokenKey, token);
  }

  /** Told when the service wants a token, or another one. */
  onRefused(listener: () => void): () => void {
    this.#refused.add(listener);
    return () => this.#refused.delete(listener);
  }

  /** @throws ServiceError, TypeError where the service cannot be reached, or a DOMException where it does not answer, or `signal` aborts. */
  async get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    const late = AbortSignal.timeout(answerWithinMs);
    const response = await fetch(this.#url(path), {
      headers: this.#headers(),
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    if (response.ok) return (await response.json()) as Answer;
    if (response.status === 401) this.refused();
    const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
    throw new ServiceError(response.status, problem.detail ?? problem.title ?? `status ${response.status}`);
  }

  async stream(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<StreamAnswer> {
    const response = await fetch(this.#url(path), {
      headers: { ...this.#headers(), ...headers },
      signal,
      cache: 'no-store',
    });
    if (response.status === 401) this.refused();
    return { status: response.status, pieces: piecesOf(response) };
  }

  refused(): void {
    for (const listener of this.#refused) listener();
  }

  #url(path: string): URL {
    return new URL(path, this.#base);
  }

  #headers(): Record<string, string> {
    const { token } = this;
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }
}

/** Why there is no answer, for people. */
export function problemInWords(error: unknown): string {
  if (error instanceof ServiceError) return error.message;
  return error instanceof DOMException && error.name === 'TimeoutError'
    ? 'the service does not answer'
    : 'the service cannot be reached';
}

async function* piecesOf({ body }: Response): AsyncGenerator<string> {
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
}

export const service = new Service();

export function tenantPath(tenant: string, rest: string): string {
  return `v1/tenants/${encodeURIComponent(tenant)}/${rest}`;
}

export function devicePath(tenant: string, device: string, rest = ''): string {
  return tenantPath(tenant, `devices/${encodeURIComponent(device)}${rest}`);
}
