import { execFileSync } from 'node:child_process';

/** Debian's own Python has Debian's packages; another one on the path has not. */
export const debianPython = '/usr/bin/python3';

/**
 * Whether a Debian package is installed. In CI a missing one is a failure; elsewhere its tests are skipped, and the
 * reason is printed.
 */
export function hasPackage(name: string): boolean {
  try {
    const status = execFileSync('dpkg-query', ['--show', '--showformat=${Status}', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (status.includes('install ok installed')) return true;
  } catch {
    // Not a Debian, or no such package: the same for us.
  }
  if (process.env['CI'])
    throw new Error(`Debian package ${name} is missing: .ci/install-interop-packages installs it`);
  console.warn(`skipped: needs a Debian package (sudo apt-get install ${name})`);
  return false;
}

/** Whether all of them are installed. */
export function hasPackages(...names: readonly string[]): boolean {
  return names.map(hasPackage).every(Boolean);
}
