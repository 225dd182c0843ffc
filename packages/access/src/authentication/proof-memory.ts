import type { NotedMark, ProofChanges, ProofMark, StoredProofs } from '@rollcall/outbox/internal';
import { hash } from 'node:crypto';
import { addressBlocks, type Random, type Timestamp } from '@rollcall/core';
import type { Trier } from './failure-limiter.ts';

/** Who proved which secret from where, of late. Its holder is let in where others are throttled. */
export interface ProofMemory {
  /** What would prove this secret; `kind` keeps those of different protocols apart. */
  of(trier: Trier, kind: 'password' | 'key' | 'certificate', secret: Uint8Array): ProofMark;
  has(proof: ProofMark): boolean;
  /** Whether anybody proved something under this name, wherever. */
  knows(name: string): boolean;
  add(proof: ProofMark): void;
  forget(proof: ProofMark): void;
  /** Everything that is remembered. */
  stored(): StoredProofs;
  /** For the journal; `undefined`: nothing. */
  takeChanges(): ProofChanges | undefined;
}

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

export function createProofMemory({
  clock,
  random,
  recovered,
  maxProofs = 100_000,
  maxPerName = 16,
}: ProofMemoryOptions): ProofMemory {
  const known = recovered?.key.length === keyBytes ? recovered : undefined;
  const key = known?.key ?? random.bytes(keyBytes);
  /** By name, in the order of use; of each, by hash, in the order of use. */
  const names = new Map<string, Map<string, Timestamp>>();
  let count = 0;
  let keyIsStored = known !== undefined;
  const changed = new Map<string, NotedMark | (ProofMark & { readonly at: undefined })>();

  for (const { name, hash: each, at } of known?.proofs ?? []) {
    if (!isFresh(at)) {
      changed.set(each, { name, hash: each, at: undefined });
      continue;
    }
    const hashes = names.get(name) ?? new Map<string, Timestamp>();
    if (!hashes.has(each)) count += 1;
    names.set(name, hashes.set(each, at));
  }

  function remove(name: string, hashes: Map<string, Timestamp>, which: string): void {
    if (!hashes.delete(which)) return;
    count -= 1;
    changed.set(which, { name, hash: which, at: undefined });
    if (hashes.size === 0) names.delete(name);
  }

  function removeOldestOf(name: string): void {
    const hashes = names.get(name);
    const [oldest] = hashes?.keys() ?? [];
    if (hashes && oldest !== undefined) remove(name, hashes, oldest);
  }

  function isFresh(at: Timestamp): boolean {
    const ageMs = clock.now() - at;
    // A clock that was set back must not make proofs last for ever.
    return ageMs < rememberedMs && ageMs > -rememberedMs;
  }

  return {
    of({ address, name }, kind, secret) {
      // Neither a kind nor an address has a line feed; the name, which may, says how long it is; the secret comes last. SHA-512/256
      // cannot be extended, so the key needs no HMAC around it.
      const head = `${kind}\n${addressBlocks(address).near}\n${name.length}\n${name}\n`;
      return { name, hash: hash('sha512-256', Buffer.concat([key, Buffer.from(head), secret]), 'base64') };
    },
    has(proof) {
      const at = names.get(proof.name)?.get(proof.hash);
      return at !== undefined && isFresh(at);
    },
    knows: (name) => names.has(name),
    add({ name, hash: added }) {
      const hashes = names.get(name) ?? new Map<string, Timestamp>();
      const before = hashes.get(added);
      const now = clock.now();
      const isNews = before === undefined || Math.abs(now - before) >= noteAgainAfterMs;
      names.delete(name);
      names.set(name, hashes);
      hashes.delete(added);
      hashes.set(added, isNews ? now : before);
      if (isNews) changed.set(added, { name, hash: added, at: now });
      if (before !== undefined) return;
      count += 1;
      if (hashes.size > maxPerName) removeOldestOf(name);
      const [oldest] = names.keys();
      if (count > maxProofs && oldest !== undefined) removeOldestOf(oldest);
    },
    forget(proof) {
      const hashes = names.get(proof.name);
      if (hashes) remove(proof.name, hashes, proof.hash);
    },
    stored: () => ({
      key,
      proofs: [...names].flatMap(([name, hashes]) =>
        [...hashes].map(([each, at]): NotedMark => ({ name, hash: each, at })),
      ),
    }),
    takeChanges() {
      if (changed.size === 0) return undefined;
      const taken = [...changed.values()];
      changed.clear();
      const changes: ProofChanges = {
        ...(!keyIsStored && { key }),
        noted: taken.filter((each): each is NotedMark => each.at !== undefined),
        forgotten: taken.filter(({ at }) => at === undefined),
      };
      keyIsStored = true;
      return changes;
    },
  };
}
