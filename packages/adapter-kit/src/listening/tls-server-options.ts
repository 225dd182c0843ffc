import type { TlsOptions } from 'node:tls';
import { defaultTlsChoice } from '@rollcall/options/tls';
import type { TlsListener } from './listener-options.ts';

/**
 * Devices are asked for a certificate, and may have none. The tenant says which issuers to trust, once the adapter knows which tenant
 * that is: TLS itself trusts no certificate here.
 */
export function tlsServerOptions(
  { key, cert, choice = defaultTlsChoice }: Pick<TlsListener, 'key' | 'cert' | 'choice'>,
  handshakeTimeoutMs: number,
): TlsOptions {
  return {
    key,
    cert,
    ...choice,
    // Without it there are no suites with DHE.
    ...(choice.ciphers?.includes('DHE-RSA') && { dhparam: 'auto' }),
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: true,
    rejectUnauthorized: false,
    // Without this, Node would verify device certificates against the public CAs.
    ca: [],
  };
}
