import { hasDebianPackage } from '@rollcall/conformance';

export { hasDebianPackage as hasPackage };

/** Debian's own Python has Debian's packages; another one on the path has not. */
export const debianPython = '/usr/bin/python3';

/** Whether all of these Debian packages are installed. */
export function hasPackages(...names: readonly string[]): boolean {
  return names.map(hasDebianPackage).every(Boolean);
}
