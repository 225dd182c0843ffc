import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';

/** How long an answer is kept, and when it is dropped before. */
export interface KeepFacts {
  readonly forMs: number;
  /** What it is about: it is dropped when one of these changes. */
  readonly about: readonly string[];
  /** How much memory it takes. */
  readonly bytes: number;
}

interface Entry<Value> extends KeepFacts {
  readonly value: Value;
  readonly until: Instant;
  /** How often everything was doubted before. */
  readonly doubts: number;
  /** Whether it was used since it was last considered for removal. */
  isUsed: boolean;
}

/** About how many bytes the key, the index and the entry itself take. */
const overheadBytes = 300;

/**
 * Answers, each for as long as it may be kept. Their number and size are bounded: an answer that was not used since its last turn gives
 * way. A hit costs one look-up, and moves nothing.
 */
export class KeptAnswers<Value> {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #byAbout = new Map<string, Set<string>>();
  #bytes = 0;
  #doubts = 0;

  constructor(clock: Pick<Clock, 'monotonic'>, maxEntries: number, maxBytes: number) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** An answer that is as reliable as a new one. */
  certain(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry || entry.doubts !== this.#doubts) return undefined;
    return this.#inTime(key, entry);
  }

  /** As `certain`, or an answer that was doubted: better than none. */
  atLeast(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry && this.#inTime(key, entry);
  }

  keep(key: string, value: Value, facts: KeepFacts): void {
    this.drop(key);
    const bytes = facts.bytes + overheadBytes;
    if (facts.forMs <= 0 || this.#maxEntries === 0 || bytes > this.#maxBytes) return;
    const until = later(this.#clock.monotonic(), facts.forMs);
    this.#entries.set(key, { ...facts, bytes, value, until, doubts: this.#doubts, isUsed: false });
    this.#bytes += bytes;
    for (const subject of facts.about) this.#file(subject, key);
    this.#makeRoom();
  }

  drop(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
    for (const subject of entry.about) this.#unfile(subject, key);
  }

  dropAbout(subject: string): void {
    for (const key of this.#byAbout.get(subject) ?? []) this.drop(key);
  }

  /** From now on no answer that is kept is certain. */
  doubtAll(): void {
    this.#doubts += 1;
  }

  #inTime(key: string, entry: Entry<Value>): Value | undefined {
    if (this.#clock.monotonic() >= entry.until) {
      this.drop(key);
      return undefined;
    }
    entry.isUsed = true;
    return entry.value;
  }

  #makeRoom(): void {
    while (this.#entries.size > this.#maxEntries || this.#bytes > this.#maxBytes) {
      const [oldest] = this.#entries;
      if (!oldest) return;
      const [key, entry] = oldest;
      if (entry.isUsed && this.#clock.monotonic() < entry.until) {
        entry.isUsed = false;
        // Put last: a Map keeps the order of insertion.
        this.#entries.delete(key);
        this.#entries.set(key, entry);
      } else this.drop(key);
    }
  }

  #file(subject: string, key: string): void {
    const keys = this.#byAbout.get(subject);
    if (keys) keys.add(key);
    else this.#byAbout.set(subject, new Set([key]));
  }

  #unfile(subject: string, key: string): void {
    const keys = this.#byAbout.get(subject);
    if (keys?.delete(key) && keys.size === 0) this.#byAbout.delete(subject);
  }
}
