import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { fetchText, type ServerTrust } from './fetch-text.ts';
import { allAlgorithms, KeysUnavailable, type TokenKeys } from './token-keys.ts';

export interface RemoteKeysOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** After an answer, they are not fetched again before; default: half a minute. A token may name a key that is newer. */
  readonly lookUpEachMs?: number;
  /** Called for each fetch; default: the authorities that Node.js trusts. */
  trust?(): ServerTrust;
  /** Called with the reason if the keys could not be fetched, even while earlier ones are still used. */
  failed(error: unknown): void;
}

const answerWithinMs = 5_000;
/** A key set has some kilobytes. */
const maxBytes = 1_048_576;
const usualPauseMs = 30_000;
/** The pause after a failed fetch. Even requests with invalid tokens cause fetches, but not more often than this. */
const pauseAfterFailureMs = 5_000;
const refreshAfterMs = 600_000;
/** How long keys are used that could not be fetched again. */
const usableForMs = 3_600_000;

/**
 * The keys of an issuer that publishes them at a URL. They are fetched again after ten minutes, and when a token names an unknown key:
 * at most twice a minute, or every 5 s if a fetch failed. If the issuer is unavailable, known keys are valid for up to an hour.
 */
export function remoteKeys(url: URL, options: RemoteKeysOptions): TokenKeys {
  const remote = new RemoteKeys(url, options);
  return { keys: (header, token) => remote.keyOf(header, token), algorithms: allAlgorithms };
}

type Key = Awaited<ReturnType<JWTVerifyGetKey>>;

interface KnownKeys {
  readonly find: JWTVerifyGetKey;
  readonly at: Instant;
}

class RemoteKeys {
  readonly #url: URL;
  readonly #options: RemoteKeysOptions;
  #known: KnownKeys | undefined;
  #fetching: Promise<void> | undefined;
  #mayFetchAt: Instant;
  #hasFailed = false;

  constructor(url: URL, options: RemoteKeysOptions) {
    this.#url = url;
    this.#options = options;
    this.#mayFetchAt = options.clock.monotonic();
  }

  /** @throws KeysUnavailable */
  async keyOf(...[header, token]: Parameters<JWTVerifyGetKey>): Promise<Key> {
    const ageMs = this.#ageMs();
    const fetching = ageMs >= refreshAfterMs ? this.#fetch() : undefined;
    // With keys that can be used, no one waits for others.
    if (ageMs >= usableForMs) await fetching;
    try {
      return await this.#usable()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#fetch();
      if (this.#hasFailed) throw this.#unavailable();
      return this.#usable()(header, token);
    }
  }

  #usable(): JWTVerifyGetKey {
    if (!this.#known || this.#ageMs() >= usableForMs) throw this.#unavailable();
    return this.#known.find;
  }

  #ageMs(): number {
    return this.#known ? this.#options.clock.monotonic() - this.#known.at : Infinity;
  }

  #unavailable(): KeysUnavailable {
    return new KeysUnavailable(`the keys at ${this.#url.href} cannot be had`);
  }

  /** Where it may be by now; or waits for that which is under way. Never rejects. */
  async #fetch(): Promise<void> {
    if (!this.#fetching && this.#options.clock.monotonic() >= this.#mayFetchAt)
      this.#fetching = this.#fetchNow().finally(() => (this.#fetching = undefined));
    await this.#fetching;
  }

  async #fetchNow(): Promise<void> {
    const { clock, failed, lookUpEachMs = usualPauseMs } = this.#options;
    try {
      const find = createLocalJWKSet(await keySetAt(this.#url, this.#options.trust?.() ?? {}));
      this.#known = { find, at: clock.monotonic() };
      this.#hasFailed = false;
      this.#mayFetchAt = later(clock.monotonic(), lookUpEachMs);
    } catch (cause) {
      this.#hasFailed = true;
      this.#mayFetchAt = later(clock.monotonic(), Math.min(pauseAfterFailureMs, lookUpEachMs));
      failed(new KeysUnavailable(`the keys at ${this.#url.href} cannot be had`, { cause }));
    }
  }
}

async function keySetAt(url: URL, trust: ServerTrust): Promise<JSONWebKeySet> {
  const accept = 'application/json, application/jwk-set+json';
  const text = await fetchText(url, accept, trust, { withinMs: answerWithinMs, maxBytes });
  return JSON.parse(text) as JSONWebKeySet;
}
