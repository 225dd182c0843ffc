import { execFileSync } from 'node:child_process';

/**
 * Whether a Debian package is installed. In CI a missing one is a failure; elsewhere its tests are skipped, and the
 * reason is printed.
 */
export function hasDebianPackage(name: string): boolean {
  try {
    const status = execFileSync('dpkg-query', ['--show', '--showformat=${Status}', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (status.includes('install ok installed')) return true;
  } catch {
    // Not a Debian system, or the package is unknown: it is missing in both cases.
  }
  if (process.env['CI'])
    throw new Error(`Debian package ${name} is missing: .ci/install-interop-packages installs it`);
  console.warn(`skipped: needs a Debian package (sudo apt-get install ${name})`);
  return false;
}
