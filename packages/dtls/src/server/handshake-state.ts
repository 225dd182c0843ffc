import type { ClientFlightOutcome } from './client-flight.ts';

/**
 * Where a handshake is, from our ServerHello on. `hello-verifier.ts` does what comes before, the cookie and the ClientHello. It
 * keeps nothing of a client that has not returned its cookie. In every state but the last, a protected alert ends the handshake.
 */
export type HandshakeState<P> =
  /**
   * Next: the client's messages that nothing protects (Certificate, ClientKeyExchange, CertificateVerify), which `client-flight.ts`
   * gathers. Protected records are held until there are keys. Our flight is sent again.
   */
  | { readonly name: 'waiting-for-client-flight' }
  /**
   * Next: Finished. If a message of the client's flight comes again with other content, we wait for that flight again. Our
   * flight is sent again.
   */
  | { readonly name: 'waiting-for-finished'; readonly outcome: ClientFlightOutcome<P> }
  /** Finished came, and `verifyCertificate` was called. Next: its answer. Our flight is not sent again. */
  | { readonly name: 'verifying-certificate' }
  /** Established, failed or abandoned. Nothing has any effect. */
  | { readonly name: 'over' };

/** Whether the next message is the client's: our flight is sent again until it comes. */
export function isWaiting({ name }: HandshakeState<unknown>): boolean {
  return name === 'waiting-for-client-flight' || name === 'waiting-for-finished';
}
