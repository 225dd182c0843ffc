import type { KeyObject } from 'node:crypto';
import type { CipherSuiteName } from '../crypto/cipher-suite.ts';

/** What a client may go on with, without proving anew who it is (RFC 5246 §7.3). */
export interface Session<P> {
  readonly id: Buffer;
  readonly master: KeyObject;
  readonly cipherSuite: CipherSuiteName;
  readonly principal: P;
}

export interface SessionCache<P> {
  readonly size: number;
  put(session: Session<P>): void;
  get(id: Uint8Array): Session<P> | undefined;
  /** After a fatal alert nobody resumes it (RFC 5246 §7.2.2). */
  forget(id: Uint8Array): void;
}

export interface SessionCacheOptions {
  readonly maxSessions: number;
  readonly lifetimeMs: number;
  readonly monotonic: () => number;
}

/** Where there is no room the oldest session goes. */
export function createSessionCache<P>({
  maxSessions,
  lifetimeMs,
  monotonic,
}: SessionCacheOptions): SessionCache<P> {
  const sessions = new Map<string, { readonly session: Session<P>; readonly expiresAt: number }>();

  return {
    get size() {
      return sessions.size;
    },
    put(session) {
      if (maxSessions === 0) return;
      const [oldest] = sessions.keys();
      if (sessions.size >= maxSessions && oldest !== undefined) sessions.delete(oldest);
      sessions.set(key(session.id), { session, expiresAt: monotonic() + lifetimeMs });
    },
    get(id) {
      const found = sessions.get(key(id));
      if (found === undefined || monotonic() < found.expiresAt) return found?.session;
      sessions.delete(key(id));
      return undefined;
    },
    forget(id) {
      sessions.delete(key(id));
    },
  };
}

function key(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString('latin1');
}
