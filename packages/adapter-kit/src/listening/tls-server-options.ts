import type { TlsOptions } from 'node:tls';
import type { TlsListener } from './listener-options.ts';

/**
 * Devices are asked for a certificate, and may have none. Whom to trust is the tenant's to say, once it is known which one
 * that is: TLS trusts nobody here.
 */
export function tlsServerOptions({ key, cert }: TlsListener, handshakeTimeoutMs: number): TlsOptions {
  return {
    key,
    cert,
    minVersion: 'TLSv1.2',
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: true,
    rejectUnauthorized: false,
    // Else each certificate would be held against the authorities of the web.
    ca: [],
  };
}
