import { createHash, hash as digestOf, timingSafeEqual } from 'node:crypto';
import type { Clock, Log, Random } from '@rollcall/core/environment';
import {
  isValidAt,
  type PasswordSecret,
  type PasswordVerdict,
  type PasswordVerifier,
  type VerifyingTurn,
} from '@rollcall/core/registry';
import { RecentMap } from '@rollcall/runtime';
import { createBcryptPool } from './bcrypt-pool.ts';
import { createSuccessCache } from './success-cache.ts';

export interface PasswordVerifierOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Slow hashes that may wait; when there are more, the verdict is `busy`. Default 200. */
  readonly maxWaiting?: number;
  /** Successful logins that are remembered, 0.1 kB each; default 200,000. */
  readonly maxRemembered?: number;
  /** The highest bcrypt cost that is computed; default 12. Each step doubles the time. */
  readonly maxBcryptCost?: number;
}

export interface ClosablePasswordVerifier extends PasswordVerifier {
  close(): Promise<void>;
}

/** A secret that may match, and the key by which it is remembered together with the presented password. */
interface Candidate {
  readonly secret: PasswordSecret;
  readonly key: string;
}

/** No device has a longer password; only an attacker would want more to be hashed. */
const maxPasswordBytes = 1_024;

/** Hashes of which the log says once that they cannot be used. Of more, it says so again. */
const maxComplaints = 1_000;

/** Verifies passwords against `hashed-password` secrets as Eclipse Hono stores them. */
export function createPasswordVerifier(options: PasswordVerifierOptions): ClosablePasswordVerifier {
  const { clock, random, log, maxWaiting = 200, maxRemembered = 200_000, maxBcryptCost = 12 } = options;
  const remembered = createSuccessCache(random, maxRemembered);
  const bcrypt = createBcryptPool(maxWaiting, { clock, log });
  const complainedAbout = new RecentMap<string, true>(maxComplaints);
  const comparing = new Map<string, Promise<boolean | 'busy'>>();

  async function matches(
    { secret, key }: Candidate,
    password: Uint8Array,
    turn: VerifyingTurn,
  ): Promise<boolean | 'busy'> {
    if (secret.hashFunction !== 'bcrypt') return matchesSha(secret, password);
    const cost = bcryptCost(secret.pwdHash);
    if (cost !== undefined && cost <= maxBcryptCost) return compareOnce(key, secret.pwdHash, password, turn);
    const complaint = digestOf('sha256', secret.pwdHash, 'base64');
    if (!complainedAbout.get(complaint)) {
      complainedAbout.set(complaint, true);
      log.warn(
        { cost, maxBcryptCost },
        'a stored bcrypt hash is malformed or costs too much: it matches no password',
      );
    }
    return false;
  }

  /** Equal logins at the same time share one comparison, for example after an outage. */
  function compareOnce(
    key: string,
    hash: string,
    password: Uint8Array,
    turn: VerifyingTurn,
  ): Promise<boolean | 'busy'> {
    const running = comparing.get(key);
    if (running) return running;
    const comparison = bcrypt
      .compare(turn, Buffer.from(password).toString('utf8'), hash)
      .finally(() => comparing.delete(key));
    comparing.set(key, comparison);
    return comparison;
  }

  async function verifyAll(
    candidates: readonly Candidate[],
    password: Uint8Array,
    turn: VerifyingTurn,
  ): Promise<PasswordVerdict> {
    let busy = false;
    for (const candidate of candidates) {
      const result = await matches(candidate, password, turn);
      if (result === true) {
        remembered.add(candidate.key);
        return { matched: candidate.secret };
      }
      if (result === 'busy') busy = true;
    }
    return busy ? 'busy' : 'invalid';
  }

  return {
    async verify(credentials, password, turn = { owner: '', isSuspect: false }) {
      if (!credentials.enabled || password.length > maxPasswordBytes) return 'invalid';
      const candidates = credentials.secrets
        .filter((secret) => isValidAt(secret, clock.now()))
        .map((secret): Candidate => ({ secret, key: remembered.keyOf(secret, password) }));
      const known = candidates.find(({ key }) => remembered.has(key));
      return known ? { matched: known.secret } : verifyAll(candidates, password, turn);
    },
    load: (owner) => bcrypt.load(owner),
    close: () => bcrypt.close(),
  };
}

const shaNames = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

/** `Base64(H(salt ‖ password))` (`docs/hono-compatibility.md` §8). */
function matchesSha({ hashFunction, salt, pwdHash }: PasswordSecret, password: Uint8Array): boolean {
  const hash = createHash(shaNames[hashFunction === 'sha-512' ? 'sha-512' : 'sha-256']);
  if (salt !== undefined) hash.update(Buffer.from(salt, 'base64'));
  const actual = hash.update(password).digest();
  const expected = Buffer.from(pwdHash, 'base64');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** The cost in `$2a$10$…`; `undefined`: it is not a bcrypt hash. */
function bcryptCost(hash: string): number | undefined {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash);
  return match ? Number(match[1]) : undefined;
}
