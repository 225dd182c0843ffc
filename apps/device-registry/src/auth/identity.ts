import type { Rights } from './rights.ts';

/** An authenticated client. */
export interface Identity {
  readonly name: string;
  readonly rights: Rights;
  /** When its connection is closed, in milliseconds since the Unix epoch. Absent: never. */
  readonly expiresAt?: number;
}

/** What SASL PLAIN presents (RFC 4616 §2). */
export interface PlainLogin {
  /** The identity to act as; empty: the client itself. */
  readonly authorizationId: string;
  readonly username: string;
  readonly password: Uint8Array;
}

export type LoginOutcome =
  | { readonly status: 'accepted'; readonly identity: Identity }
  | { readonly status: 'wrong' }
  /** The login cannot be decided now. */
  | { readonly status: 'unavailable' };

/** Checks logins. Never rejects. */
export interface Logins {
  logIn(login: PlainLogin): Promise<LoginOutcome>;
}
