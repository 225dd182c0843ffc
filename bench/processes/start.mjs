import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const collector = new URL('../measure/collect-garbage.mjs', import.meta.url).href;
/** Has a process answer how late its event loop was, where it listens to no other messages. */
export const eventLoopLag = new URL('../measure/event-loop-lag.mjs', import.meta.url).href;
const turnsWatch = new URL('../measure/watch-turns.mjs', import.meta.url).href;
/** Several processes read a registry of 100,000 devices each. */
const patienceMs = 180_000;
/** @type {Set<import('node:child_process').ChildProcess>} */
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * Starts a Node.js process of the bench: its own program, or the built main file of an app. It ends with this one.
 * @param {string} file relative to the repository
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 * @param {readonly string[]} [preloaded] beside what all have
 */
export function start(file, args, env = {}, preloaded = []) {
  const preloads = [collector, ...preloaded].map((module) => `--import=${module}`);
  const child = spawn(process.execPath, ['--expose-gc', ...preloads, `${root}${file}`, ...args], {
    env: { ...withoutRollcall(), ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.add(child);
  child.once('exit', (code, signal) => {
    children.delete(child);
    if (!stopping.has(child)) {
      console.error(`${file} ended unexpectedly (${signal ?? code})`);
      process.exit(1);
    }
  });
  return child;
}

const stopping = new WeakSet();

/** @param {import('node:child_process').ChildProcess} child */
export async function stop(child) {
  stopping.add(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/**
 * Starts a program of the bench that says with a message what port it listens on, or anything else when it is ready.
 * @param {string} file @param {string[]} args @param {Record<string, string>} [env] @param {readonly string[]} [preloaded]
 */
export async function startReady(file, args, env = {}, preloaded = []) {
  const child = start(file, args, env, preloaded);
  const [message] = await once(child, 'message');
  return { child, message: /** @type {unknown} */ (message) };
}

/**
 * Starts a floor like `startReady`. It is watched as adapters are, since that costs CPU time.
 * @param {string} file @param {string[]} args
 */
export function startFloor(file, args) {
  return startReady(file, args, {}, [turnsWatch]);
}

/**
 * Asks a program of the bench, and waits for its answer.
 * @param {import('node:child_process').ChildProcess} child @param {object} question
 */
export async function ask(child, question) {
  const answered = once(child, 'message');
  child.send(question);
  const [answer] = await answered;
  return answer;
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** @param {string} url a health check */
export async function untilUp(url) {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += 50) {
    const response = await fetch(url).catch(() => undefined);
    const body = /** @type {{ status?: string } | undefined} */ (
      await response?.json().catch(() => undefined)
    );
    if (body?.status === 'UP') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not up within ${patienceMs} ms: ${url}`);
}

function withoutRollcall() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ROLLCALL|HONO)_/.test(name)));
}
