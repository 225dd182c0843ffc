import type { CertificateAuthority } from '@rollcall/conformance/certificates';
import { hasDebianPackage } from '@rollcall/conformance/machine';

export { hasDebianPackage as hasPackage };

/** Debian's own Python has Debian's packages; another one on the path has not. */
export const debianPython = '/usr/bin/python3';

/** Whether all of these Debian packages are installed. */
export function hasPackages(...names: readonly string[]): boolean {
  return names.map(hasDebianPackage).every(Boolean);
}

/** How the registry of a tenant names an authority that it trusts. */
export function trustAnchorOf({ subject, publicKey }: CertificateAuthority): object {
  return {
    'subject-dn': subject,
    'public-key': Buffer.from(publicKey).toString('base64'),
    algorithm: 'EC',
    'not-before': '2020-01-01T00:00:00Z',
    'not-after': '2119-01-01T00:00:00Z',
  };
}
