import type { ObservedState, AppMetrics } from '@rollcall/adapter-kit';

/** Until when the certificates in use are valid. */
export function addCertificateMetrics({ gauge }: AppMetrics, files: ObservedState['files']): void {
  gauge(
    {
      name: 'rollcall_tls_certificate_expiry_seconds',
      help: 'When the certificate in use ceases to be valid, in Unix time',
      label: 'listener',
    },
    () =>
      Object.fromEntries(
        files
          .states()
          .flatMap(({ name, expiresAt }) => (expiresAt === undefined ? [] : [[name, expiresAt / 1_000]])),
      ),
  );
  gauge(
    {
      name: 'rollcall_tls_files_current',
      help: '0 while what is in the files of certificates and secrets is not what is in use, or has expired',
      label: 'listener',
    },
    () => Object.fromEntries(files.states().map(({ name, current }) => [name, current ? 1 : 0])),
  );
}
