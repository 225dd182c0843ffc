// Runs a program of ours below npm, and ends it with whatever it hangs on: `npm run`, this process, the terminal.
// Plain JavaScript for old Node.js, as run.mjs.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** How soon the end of npm is noticed, where nothing else tells of it. */
const lookAfterMs = 500;

/**
 * Starts the program with an IPC channel, whose end asks it to stop. A signal would not do: a terminal, or systemd, signals the whole
 * process group, npm hands on what it got itself, and a program of ours takes a second signal for impatience.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 */
export function launch(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  const stop = () => child.connected && child.disconnect();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  if (process.env.npm_lifecycle_event !== undefined) whenNpmEnds(stop);
  child.on('error', (error) => {
    console.error(`${command} cannot be run: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

/**
 * npm that is killed can tell nobody; of SIGTERM it tells its shell alone, and that ends. (Without npm nothing is watched: there are
 * those who mean a program to outlive whoever started it.)
 */
function whenNpmEnds(stop) {
  const before = above();
  setInterval(() => above() !== before && stop(), lookAfterMs).unref();
}

/** What is above this process: npm, or its shell and npm, where the system tells what is above that. */
function above() {
  const shell = process.ppid;
  try {
    const isShell = readFileSync(`/proc/${shell}/cmdline`, 'utf8').split('\0').includes('-c');
    // The name, in parentheses, may have anything in it.
    const stat = readFileSync(`/proc/${shell}/stat`, 'utf8');
    return isShell ? `${shell} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}` : `${shell}`;
  } catch {
    return `${shell}`;
  }
}
