import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const patienceMs = 240_000;

/** A program that Go has built, in a directory of its own. */
export interface GoProgram {
  readonly path: string;
  cleanUp(): void;
}

/**
 * Builds the Go program in a directory beside this file; `undefined` where its modules are not to be had, and the reason is printed.
 * Go itself is a package: in CI, that it is missing is a failure.
 */
export function fromGo(name: string): GoProgram | undefined {
  const into = mkdtempSync(join(tmpdir(), 'rollcall-go-'));
  const path = join(into, name);
  const { status, stderr, error } = spawnSync('go', ['build', '-mod=readonly', '-o', path, '.'], {
    cwd: fileURLToPath(new URL(name, import.meta.url)),
    encoding: 'utf8',
    timeout: patienceMs,
    // The Go that is here, and no newer one from the network.
    env: { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '' },
  });
  const cleanUp = (): void => rmSync(into, { recursive: true, force: true });
  if (status === 0) return { path, cleanUp };
  cleanUp();
  const isMissing = error !== undefined && 'code' in error && error.code === 'ENOENT';
  const why = isMissing
    ? `${name} needs Go (sudo apt-get install golang-go)`
    : `${name} cannot be built: ${error?.message ?? stderr.trim().split('\n').at(-1)}`;
  if (isMissing && process.env['CI']) throw new Error(why);
  console.warn(`skipped: ${why}`);
  return undefined;
}
