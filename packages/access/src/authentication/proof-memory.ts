import type { NotedMark, ProofChanges, ProofMark, StoredProofs } from '@rollcall/outbox/internal';
import { hash } from 'node:crypto';
import type { Timestamp } from '@rollcall/core';
import type { Random } from '@rollcall/core/environment';
import { addressBlocks } from '@rollcall/core/sharing';
import type { Trier } from './failure-limiter.ts';

export interface ProofMemoryOptions {
  /** Wall-clock time: what is remembered outlives the process. */
  readonly clock: { now(): Timestamp };
  readonly random: Random;
  readonly recovered?: StoredProofs | undefined;
  /** Proofs remembered; the names proved longest ago are forgotten first. Default 100,000. */
  readonly maxProofs?: number;
  /** Of one name: a device that moves about does not make others be forgotten. Default 16. */
  readonly maxPerName?: number;
}

const rememberedMs = 7 * 86_400_000;
/** A proof that is given again is noted again after so long. */
const noteAgainAfterMs = 86_400_000;
const keyBytes = 32;

/** What has changed since the journal was last told; without a time: it is forgotten. */
type Change = NotedMark | (ProofMark & { readonly at: undefined });

/** Remembers who proved which secret from which address recently. Such a device is let in while others are throttled. */
export class ProofMemory {
  readonly #clock: ProofMemoryOptions['clock'];
  readonly #maxProofs: number;
  readonly #maxPerName: number;
  readonly #key: Uint8Array;
  #journalHasKey: boolean;
  /** By name, in the order of use; of each, by hash, in the order of use. */
  readonly #names = new Map<string, Map<string, Timestamp>>();
  #count = 0;
  readonly #changed = new Map<string, Change>();

  constructor({ clock, random, recovered, maxProofs = 100_000, maxPerName = 16 }: ProofMemoryOptions) {
    this.#clock = clock;
    this.#maxProofs = maxProofs;
    this.#maxPerName = maxPerName;
    const known = recovered?.key.length === keyBytes ? recovered : undefined;
    this.#key = known?.key ?? random.bytes(keyBytes);
    this.#journalHasKey = known !== undefined;
    for (const proof of known?.proofs ?? []) this.#recover(proof);
  }

  /** What would prove this secret; `kind` keeps those of different protocols apart. */
  of(
    { address, name }: Trier,
    kind: 'password' | 'key' | 'certificate' | 'token',
    secret: Uint8Array,
  ): ProofMark {
    // A kind and an address have no line feed. A name may have one, so its length is added. The secret comes last. SHA-512/256
    // cannot be extended, so the key needs no HMAC around it.
    const head = `${kind}\n${addressBlocks(address).near}\n${name.length}\n${name}\n`;
    const bytes = Buffer.concat([this.#key, Buffer.from(head), secret]);
    return { name, hash: hash('sha512-256', bytes, 'base64') };
  }

  has(proof: ProofMark): boolean {
    const at = this.#names.get(proof.name)?.get(proof.hash);
    return at !== undefined && this.#isFresh(at);
  }

  /** Whether any secret was proved under this name, wherever. */
  knows(name: string): boolean {
    return this.#names.has(name);
  }

  add({ name, hash: added }: ProofMark): void {
    const hashes = this.#names.get(name) ?? new Map<string, Timestamp>();
    const before = hashes.get(added);
    const now = this.#clock.now();
    const isNews = before === undefined || Math.abs(now - before) >= noteAgainAfterMs;
    this.#names.delete(name);
    this.#names.set(name, hashes);
    // Put last, unless it is: most devices have one secret, and one address.
    if (hashes.size > 1) hashes.delete(added);
    hashes.set(added, isNews ? now : before);
    if (isNews) this.#changed.set(added, { name, hash: added, at: now });
    if (before !== undefined) return;
    this.#count += 1;
    if (hashes.size > this.#maxPerName) this.#removeOldestOf(name);
    const [oldest] = this.#names.keys();
    if (this.#count > this.#maxProofs && oldest !== undefined) this.#removeOldestOf(oldest);
  }

  forget(proof: ProofMark): void {
    const hashes = this.#names.get(proof.name);
    if (hashes) this.#remove(proof.name, hashes, proof.hash);
  }

  /** Everything that is remembered. */
  stored(): StoredProofs {
    return {
      key: this.#key,
      proofs: [...this.#names].flatMap(([name, hashes]) =>
        [...hashes].map(([each, at]): NotedMark => ({ name, hash: each, at })),
      ),
    };
  }

  /** For the journal; `undefined`: nothing. */
  takeChanges(): ProofChanges | undefined {
    if (this.#changed.size === 0) return undefined;
    const taken = [...this.#changed.values()];
    this.#changed.clear();
    const changes: ProofChanges = {
      ...(!this.#journalHasKey && { key: this.#key }),
      noted: taken.filter((each): each is NotedMark => each.at !== undefined),
      forgotten: taken.filter(({ at }) => at === undefined),
    };
    this.#journalHasKey = true;
    return changes;
  }

  #recover({ name, hash: each, at }: NotedMark): void {
    if (!this.#isFresh(at)) {
      this.#changed.set(each, { name, hash: each, at: undefined });
      return;
    }
    const hashes = this.#names.get(name) ?? new Map<string, Timestamp>();
    if (!hashes.has(each)) this.#count += 1;
    this.#names.set(name, hashes.set(each, at));
  }

  #remove(name: string, hashes: Map<string, Timestamp>, which: string): void {
    if (!hashes.delete(which)) return;
    this.#count -= 1;
    this.#changed.set(which, { name, hash: which, at: undefined });
    if (hashes.size === 0) this.#names.delete(name);
  }

  #removeOldestOf(name: string): void {
    const hashes = this.#names.get(name);
    const [oldest] = hashes?.keys() ?? [];
    if (hashes && oldest !== undefined) this.#remove(name, hashes, oldest);
  }

  #isFresh(at: Timestamp): boolean {
    const ageMs = this.#clock.now() - at;
    // A clock that was set back must not make proofs last for ever.
    return ageMs < rememberedMs && ageMs > -rememberedMs;
  }
}
