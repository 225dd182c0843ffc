import { readdirSync, readFileSync } from 'node:fs';

/** Of the kernel's count of CPU time. */
const ticksPerSecond = 100;

/** CPU time of a process, its children, and those of them that ended. @param {number} server */
export function treeCpuMs(server) {
  let ticks = statOf(server).ticks;
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name))
      try {
        const { parent, ticks: own } = statOf(Number(name));
        if (parent === server) ticks += own;
      } catch {
        // It ended meanwhile: the server counts it.
      }
  return (ticks * 1_000) / ticksPerSecond;
}

/** @param {number} pid */
export function statOf(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may have spaces: state, parent, and from the 12th on, the times.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [own, kernel, ended, endedKernel] = fields.slice(11, 15).map(Number);
  return { parent: Number(fields[1]), ticks: own + kernel + ended + endedKernel };
}
