// Says how long each part of the checks took, from what `turbo run --summarize` left of the runs before.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {{ task: string, execution?: { startTime: number, endTime: number } }} TaskRun
 * @param {readonly TaskRun[]} tasks
 * @returns {string[]} one line for each task; those of one name in several packages are one part
 */
export function partTimes(tasks) {
  const runs = tasks.filter(({ execution }) => execution !== undefined);
  return [...Map.groupBy(runs, ({ task }) => task)].map(([task, same]) => {
    const begin = Math.min(...same.map(({ execution }) => execution.startTime));
    const end = Math.max(...same.map(({ execution }) => execution.endTime));
    return `${task.padEnd(10)} ${((end - begin) / 1_000).toFixed(0).padStart(4)} s`;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL('../.turbo/runs', import.meta.url));
  // Names of summaries begin with their time. The last two are of this run; a run that was interrupted left its own.
  const files = existsSync(folder) ? readdirSync(folder).toSorted().slice(-2) : [];
  const tasks = files.flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).tasks);
  for (const line of partTimes(tasks)) console.log(line);
  rmSync(folder, { recursive: true, force: true });
}
