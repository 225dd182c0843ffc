import { ConfigError } from '@rollcall/core';

/** Libraries that print what a peer sends where `DEBUG` names them: rhea and rhea-promise, mqtt-packet and mqtt. */
const talkative = ['rhea', 'mqtt'];

/**
 * What of the environment would have libraries, or Node.js itself, print the bytes of peers to standard error, their passwords among
 * them. They could not be taken out again, so a process does not start with it.
 */
export function libraryDebugProblems(env: NodeJS.ProcessEnv): readonly string[] {
  const problems: string[] = [];
  if ((env['DEBUG'] ?? '').split(/[\s,]+/).some(isTalkative)) problems.push(problemOf('DEBUG', 'libraries'));
  // Its sections are of Node.js: "stream" prints each chunk.
  if ((env['NODE_DEBUG'] ?? '') !== '') problems.push(problemOf('NODE_DEBUG', 'Node.js'));
  return problems;
}

/** @throws ConfigError where a process may not start with this environment. */
export function refuseLibraryDebug(env: NodeJS.ProcessEnv): void {
  const problems = libraryDebugProblems(env);
  if (problems.length > 0)
    throw new ConfigError(problems.map((text) => ({ code: 'DEBUG_SHOWS_SECRETS', text })));
}

function problemOf(name: string, who: string): string {
  return `${name} is set: ${who} would print what devices say, their passwords too. Unset it.`;
}

/** Of a pattern of the package `debug`, as `rhea:*`. */
function isTalkative(pattern: string): boolean {
  if (pattern.startsWith('-')) return false;
  const [head = ''] = pattern.split('*', 1);
  return talkative.some((name) => head.startsWith(name) || (pattern.includes('*') && name.startsWith(head)));
}
