// Places and turns among many: the largest holder gives way, and a newcomer gets in.
export { addressBlocks } from './address-blocks.ts';
export type { Standing } from './crowds.ts';
export { createFairQueue } from './fair-queue.ts';
export { createOrderedSet } from './ordered-set.ts';
export { createPlaces } from './places.ts';
