import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const version = '2.40.0';
const sha256 = '3add67e7b0af89f81eac1e6c577427b049b4e7502fb278c591838465d5ca93b5';
const cache = fileURLToPath(new URL('../../../node_modules/.cache/interop/', import.meta.url));
const home = join(cache, `apache-artemis-${version}`);
const patienceMs = 120_000;

/**
 * Where Artemis is unpacked, fetched from Maven Central the first time; `undefined` where that is not to be had, and the
 * reason is printed. Java and Maven themselves are packages: in CI, that they are missing is a failure.
 */
export function artemisHome(): string | undefined {
  if (existsSync(home)) return home;
  const missing = ['java', 'mvn'].filter((command) => spawnSync(command, ['-version']).error);
  if (missing.length > 0) {
    const why = `needs ${missing.join(' and ')} (sudo apt-get install default-jre-headless maven)`;
    if (process.env['CI']) throw new Error(`Apache ActiveMQ Artemis ${why}`);
    return skipped(why);
  }
  const problem = fetchArchive();
  return problem === undefined ? home : skipped(problem);
}

/** What went wrong, in a line. */
function fetchArchive(): string | undefined {
  const unpacked = `${home}.${process.pid}`;
  mkdirSync(unpacked, { recursive: true });
  try {
    const artifact = `org.apache.activemq:apache-artemis:${version}:tar.gz:bin`;
    const { status, stdout, error } = spawnSync(
      'mvn',
      ['-B', '-q', '-C', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${unpacked}`],
      { cwd: cache, encoding: 'utf8', timeout: patienceMs },
    );
    if (error) return `Maven did not answer: ${error.message}`;
    if (status !== 0) {
      const line = stdout.split('\n').find((text) => text.includes('ERROR')) ?? 'no reason given';
      return `its distribution cannot be fetched from Maven Central: ${line}`;
    }
    const archive = join(unpacked, `apache-artemis-${version}-bin.tar.gz`);
    const found = createHash('sha256').update(readFileSync(archive)).digest('hex');
    if (found !== sha256) throw new Error(`${archive} is not the release: SHA-256 ${found}`);
    execFileSync('tar', ['-xzf', archive, '-C', unpacked]);
    renameSync(join(unpacked, `apache-artemis-${version}`), home);
    return undefined;
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

function skipped(why: string): undefined {
  console.warn(`skipped: Apache ActiveMQ Artemis: ${why}`);
}
