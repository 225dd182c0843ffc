import type { ClientFlightOutcome } from './client-flight.ts';

/**
 * Where a handshake is, from our ServerHello on. What comes before, the cookie and the ClientHello, is in `hello-verifier.ts`, which
 * keeps nothing of a client that has not shown its cookie. In every state but the last an alert that the keys protect ends it.
 */
export type HandshakeState<P> =
  /**
   * Next: the client's messages that nothing protects (Certificate, ClientKeyExchange, CertificateVerify), which `client-flight.ts`
   * gathers. Protected records are held until there are keys. Our flight is sent again.
   */
  | { readonly name: 'waiting-for-client-flight' }
  /**
   * Next: Finished. Should a message of the client's flight come again and be another, we wait for that flight once more. Our
   * flight is sent again.
   */
  | { readonly name: 'waiting-for-finished'; readonly outcome: ClientFlightOutcome<P> }
  /** Finished came, and `verifyCertificate` was asked. Next: its answer. Our flight is not sent again. */
  | { readonly name: 'verifying-certificate' }
  /** Established, failed or abandoned. Nothing has any effect. */
  | { readonly name: 'over' };

/** The client has something to say: our flight is sent again until it does. */
export function isWaiting({ name }: HandshakeState<unknown>): boolean {
  return name === 'waiting-for-client-flight' || name === 'waiting-for-finished';
}
