import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface MavenDelivery {
  /** For people. */
  readonly name: string;
  /** Names its directory. */
  readonly release: string;
  /** Commands it takes besides `mvn`. */
  readonly commands: readonly string[];
  /** Arguments with which Maven delivers into a directory. */
  goal(into: string): readonly string[];
  /** Makes ready what was delivered. @throws where it is not what was asked for. */
  prepare?(directory: string): void;
}

const cache = fileURLToPath(new URL('../../../node_modules/.cache/interop/', import.meta.url));
const patienceMs = 120_000;

/**
 * The directory of what Maven delivered the first time; `undefined` where Maven Central is not to be reached, and the reason is
 * printed. Java and Maven themselves are packages: in CI, that they are missing is a failure.
 */
export function fromMaven(delivery: MavenDelivery): string | undefined {
  const { name, release, commands } = delivery;
  const directory = join(cache, release);
  if (existsSync(directory)) return directory;
  const missing = [...commands, 'mvn'].filter((command) => spawnSync(command, ['-version']).error);
  if (missing.length > 0) {
    const why = `${name} needs ${missing.join(' and ')} (sudo apt-get install default-jdk-headless maven)`;
    if (process.env['CI']) throw new Error(why);
    console.warn(`skipped: ${why}`);
    return undefined;
  }
  const problem = deliver(delivery, directory);
  if (problem === undefined) return directory;
  console.warn(`skipped: ${name} cannot be fetched from Maven Central: ${problem}`);
  return undefined;
}

/** What went wrong, in a line. */
function deliver({ goal, prepare }: MavenDelivery, directory: string): string | undefined {
  const into = `${directory}.${process.pid}`;
  mkdirSync(into, { recursive: true });
  try {
    // Strict about checksums.
    const { status, stdout, error } = spawnSync('mvn', ['-B', '-q', '-C', ...goal(into)], {
      cwd: cache,
      encoding: 'utf8',
      timeout: patienceMs,
    });
    if (error) return error.message;
    if (status !== 0)
      return stdout.split('\n').find((text) => text.includes('ERROR')) ?? `exit status ${status}`;
    prepare?.(into);
    renameSync(into, directory);
    return undefined;
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}
