import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianPython } from './support.ts';

const cache = fileURLToPath(new URL('../../node_modules/.cache/interop/', import.meta.url));
const patienceMs = 240_000;

/**
 * A virtual environment of Python with what PyPI delivered the first time; `undefined` where that cannot be had, and the reason is
 * printed.
 *
 * @param release names its directory
 * @param requirements packages with their versions
 */
export function fromPypi(release: string, requirements: readonly string[]): string | undefined {
  const directory = join(cache, release);
  if (existsSync(join(directory, 'complete'))) return directory;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const problem =
    failureOf(debianPython, ['-m', 'venv', directory]) ??
    failureOf(join(directory, 'bin/pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...requirements,
    ]);
  if (problem === undefined) {
    mkdirSync(join(directory, 'complete'));
    return directory;
  }
  rmSync(directory, { recursive: true, force: true });
  console.warn(`skipped: ${requirements.join(' and ')} cannot be had from PyPI: ${problem}`);
  return undefined;
}

/** What went wrong, in a line. */
function failureOf(command: string, args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(command, args, {
    cwd: cache,
    encoding: 'utf8',
    timeout: patienceMs,
  });
  if (error) return error.message;
  if (status === 0) return undefined;
  const said = stderr.split('\n').filter((line) => /error|not found/i.test(line));
  return said.at(-1)?.trim() ?? `exit status ${status}`;
}
