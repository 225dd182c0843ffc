export { beginAll } from './begin-all.ts';
export { type LoopWatch, createLoopWatch, punctual } from './lateness/loop-watch.ts';
export { giveBackMemory } from './memory/give-back-memory.ts';
export { neverRejects } from './never-rejects.ts';
export { reasonOf } from './reason-of.ts';
export { RecentMap } from './recent-map.ts';
export { ResourceStack } from './resource-stack.ts';
export { runAll } from './run-all.ts';
export { createTokenBuckets } from './token-buckets.ts';
