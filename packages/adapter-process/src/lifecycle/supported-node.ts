// Imports nothing of ours that an old version of Node.js could fail at, and nothing of Node.js.
import { logFormatOf } from '../config/log-format.ts';
import { hideSqliteWarning } from './hide-sqlite-warning.ts';

/** As `engines` in each package.json. */
export const oldestNode = '22.18.0';

/** What the process ends with on an older one: as with any other mistake in how it is set up. */
const status = 2;
/** A `ConfigCode`, which cannot be imported here. */
const code = 'NODE_TOO_OLD';

/** Runs a program whose parts need a recent Node.js: the message of an older one would be about a part that is missing there. */
export async function onSupportedNode(
  program: () => Promise<unknown>,
  tell: (problem: string) => void,
): Promise<void> {
  const problem = nodeProblem(process.versions.node);
  if (problem === undefined) {
    // Before any part is loaded that uses it.
    hideSqliteWarning();
    await program();
    return;
  }
  tell(problem);
  process.exitCode = status;
}

/** Why this version will not do, or `undefined`. */
export function nodeProblem(version: string): string | undefined {
  if (!isOlder(version, oldestNode)) return undefined;
  return `Node.js ${oldestNode} or later is needed, and this is ${version} (${process.execPath})`;
}

function isOlder(version: string, than: string): boolean {
  const [one, other] = [version, than].map((each) =>
    each.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (let index = 0; index < 3; index++) {
    const difference = (one?.[index] ?? 0) - (other?.[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

interface Surroundings {
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** For a program whose log is standard output: a line of it, and plain text where standard error is a terminal. */
export function inLogOf(
  name: string,
  { stdout, stderr, env }: Surroundings = process,
): (problem: string) => void {
  return (problem) => {
    if (stderr.isTTY) stderr.write(`${problem}\n`);
    if (stderr.isTTY && stdout.isTTY) return;
    const now = new Date();
    const head =
      logFormatOf(env) === 'numbers'
        ? { level: 50, time: now.getTime() }
        : { level: 'error', time: now.toISOString() };
    stdout.write(
      `${JSON.stringify({ ...head, pid: process.pid, name, code, exitStatus: status, msg: problem })}\n`,
    );
  };
}
