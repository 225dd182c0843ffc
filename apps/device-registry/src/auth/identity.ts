import type { Rights } from './rights.ts';

/** A client that has proved who it is. */
export interface Identity {
  readonly name: string;
  readonly rights: Rights;
  /** Milliseconds since the Unix epoch: its connection is closed then. Absent: it may stay. */
  readonly expiresAt?: number;
}

/** What SASL PLAIN presents (RFC 4616 §2). */
export interface PlainLogin {
  /** As whom it wants to act; empty: as itself. */
  readonly authorizationId: string;
  readonly username: string;
  readonly password: Uint8Array;
}

export type LoginOutcome =
  | { readonly status: 'accepted'; readonly identity: Identity }
  | { readonly status: 'wrong' }
  /** It cannot be decided now. */
  | { readonly status: 'unavailable' };

/** Decides whether a client is who it says. Never rejects. */
export interface Logins {
  logIn(login: PlainLogin): Promise<LoginOutcome>;
}
