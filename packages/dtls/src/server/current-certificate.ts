import type { DtlsServerOptions, ServerCertificate } from './options.ts';

/** The certificate that a new handshake uses. */
export function currentCertificate({
  certificate,
}: Pick<DtlsServerOptions<never>, 'certificate'>): ServerCertificate | undefined {
  return typeof certificate === 'function' ? certificate() : certificate;
}
