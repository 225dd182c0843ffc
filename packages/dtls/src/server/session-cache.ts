import type { CipherSuiteName } from '../crypto/cipher-suite.ts';
import { ownCopy } from '../wire/own-copy.ts';
import { createFairSet } from './fair-set.ts';
import type { Terms } from './negotiate.ts';
import type { Settings } from './settings.ts';

const sessionIdBytes = 32;

/** What a client may resume, without proving again who it is (RFC 5246 §7.3). */
export interface Session<P> {
  readonly id: Buffer;
  readonly master: Uint8Array;
  readonly cipherSuite: CipherSuiteName;
  /** The host name that the client asked for. */
  readonly serverName: string | undefined;
  readonly principal: P;
}

export interface SessionCache<P> {
  readonly size: number;
  put(session: Session<P>): void;
  get(id: Uint8Array): Session<P> | undefined;
  /** After a fatal alert it must not be resumed (RFC 5246 §7.2.2). */
  forget(id: Uint8Array): void;
  /** Forgets those sessions of a principal that `which` chooses. Returns how many. */
  forgetOf(key: string, which: (principal: P) => boolean): number;
}

export interface SessionCacheOptions<P> {
  readonly maxSessions: number;
  /** 0: no bound. */
  readonly maxSessionsPerPrincipal: number;
  readonly lifetimeMs: number;
  readonly monotonic: () => number;
  readonly principalKey: (principal: P) => string;
}

interface Kept<P> {
  readonly session: Session<P>;
  readonly expiresAt: number;
}

/**
 * Where there is no room, the principal that has most sessions loses the one that was used longest ago. So no principal can flush the
 * sessions of others.
 */
export function createSessionCache<P>(options: SessionCacheOptions<P>): SessionCache<P> {
  const { maxSessions, maxSessionsPerPrincipal, lifetimeMs, monotonic, principalKey } = options;
  const sessions = new Map<string, Kept<P>>();
  const byPrincipal = createFairSet<Kept<P>>(1);

  function remove(kept: Kept<P> | undefined): void {
    if (!kept) return;
    sessions.delete(key(kept.session.id));
    byPrincipal.delete(kept);
  }

  return {
    get size() {
      return sessions.size;
    },
    put(session) {
      if (maxSessions === 0) return;
      const groups = [principalKey(session.principal)];
      if (maxSessionsPerPrincipal > 0 && byPrincipal.count(groups) >= maxSessionsPerPrincipal)
        remove(byPrincipal.leastFair(groups));
      if (sessions.size >= maxSessions) remove(byPrincipal.leastFair());
      const kept = { session, expiresAt: monotonic() + lifetimeMs };
      sessions.set(key(session.id), kept);
      byPrincipal.add(kept, groups);
    },
    get(id) {
      const found = sessions.get(key(id));
      if (found && monotonic() >= found.expiresAt) {
        remove(found);
        return undefined;
      }
      if (found) byPrincipal.touch(found);
      return found?.session;
    },
    forget(id) {
      remove(sessions.get(key(id)));
    },
    forgetOf(owner, which) {
      const chosen = [...byPrincipal.of([owner])].filter(({ session }) => which(session.principal));
      for (const each of chosen) remove(each);
      return chosen.length;
    },
  };
}

function key(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1');
}

/** The id that a client may resume with; empty where it cannot resume. */
export function newSessionId(
  terms: Pick<Terms, 'extendedMasterSecret'>,
  { limits, randomBytes }: Pick<Settings<unknown>, 'limits' | 'randomBytes'>,
): Buffer {
  // A session without RFC 7627 could be resumed by an attacker in the middle: it is not kept.
  const keep = terms.extendedMasterSecret && limits.maxSessions > 0;
  return keep ? ownCopy(randomBytes(sessionIdBytes)) : Buffer.alloc(0);
}
