import { availableParallelism, loadavg } from 'node:os';

/** How many times more wants to run than there are cores: 1 to 3. What is measured may take so much longer, through no fault of an adapter. */
export function crowding(): number {
  const [load = 0] = loadavg();
  return Math.min(3, Math.max(1, load / availableParallelism()));
}
