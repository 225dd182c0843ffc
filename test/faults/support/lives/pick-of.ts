import type { seededRandom } from '@rollcall/conformance';

export function pickOf<Item>(all: readonly Item[], random: ReturnType<typeof seededRandom>): Item {
  const item = all[random.pick(all.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
