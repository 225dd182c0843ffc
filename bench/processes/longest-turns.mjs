import { ask } from './start.mjs';

const answerWithinMs = 30_000;
/** Of those that ended, by what they are. @type {Map<string, number>} */
const longest = new Map();

/** Begins to watch one that serves, once it is ready. @param {import('node:child_process').ChildProcess} child */
export async function watchTurnsOf(child) {
  await ask(child, { type: 'turns' });
}

/**
 * Asks one that is about to be stopped for its longest turn. One that does not answer any more says nothing.
 * @param {string} name @param {import('node:child_process').ChildProcess} child
 */
export async function noteLongestTurn(name, child) {
  const cpuMs = await longestTurnOf(child);
  if (cpuMs !== undefined) longest.set(name, Math.max(longest.get(name) ?? 0, cpuMs));
}

/**
 * The longest turn of one since it was asked last, in ms of CPU time; `undefined` where it does not answer any more.
 * @param {import('node:child_process').ChildProcess} child @returns {Promise<number | undefined>}
 */
export async function longestTurnOf(child) {
  if (!child.connected) return undefined;
  const answer = await Promise.race([
    ask(child, { type: 'turns' }),
    new Promise((resolve) => setTimeout(resolve, answerWithinMs).unref()),
  ]);
  return /** @type {{ cpuMs?: number }} */ (answer ?? {}).cpuMs;
}

/** What was noted since the last time: ms of CPU time by who it was. */
export function takeLongestTurns() {
  const taken = [...longest];
  longest.clear();
  return taken;
}
