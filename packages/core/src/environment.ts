// What a part is given from outside, and a test gives it as it likes: the time, chance, and a log.
export { every, later, sleep, within, type Clock } from './clock.ts';
export { silentLog, type Log } from './log.ts';
export type { Random } from './random.ts';
export { systemClock } from './system-clock.ts';
export { systemRandom } from './system-random.ts';
