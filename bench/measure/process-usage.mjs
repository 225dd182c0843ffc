import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time that a process used so far, all its threads together, in milliseconds: from the scheduler's own count
 * (nanoseconds; Linux), which a clock tick of 10 ms is too coarse for.
 * @param {number} pid
 */
function cpuTimeMs(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + taskTimeMs(pid, task), 0);
}

/** @param {number} pid @param {string} task */
function taskTimeMs(pid, task) {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    // The thread ended between the two reads.
    return 0;
  }
}

/**
 * Memory of a process that lies in RAM, in bytes.
 * @param {number} pid
 */
export function residentBytes(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

/**
 * A process, its children and theirs.
 * @param {number} pid @returns {number[]}
 */
export function treeOf(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => childrenOf(pid, task));
  return [pid, ...children.flatMap(treeOf)];
}

/** @param {number} pid @param {string} task @returns {number[]} */
function childrenOf(pid, task) {
  const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/**
 * Runs `work` and tells what each process used for it.
 * @template {string} Name
 * @param {Record<Name, number | readonly number[]>} pids by name; of several, the sum
 * @param {() => Promise<void>} work
 * @returns {Promise<{ elapsedMs: number, cpuMs: Record<Name, number> }>}
 */
export async function measureCpu(pids, work) {
  const names = /** @type {Name[]} */ (Object.keys(pids));
  const timeOf = (/** @type {Name} */ name) =>
    [pids[name]].flat().reduce((sum, pid) => sum + cpuTimeMs(pid), 0);
  const before = names.map(timeOf);
  const begun = performance.now();
  await work();
  const elapsedMs = performance.now() - begun;
  const used = names.map((name, index) => [name, timeOf(name) - before[index]]);
  return { elapsedMs, cpuMs: Object.fromEntries(used) };
}
