/** Items in the order they came, of many owners: each owner has a turn after the other, however much one of them brings. */
export interface FairQueue<Item> extends Iterable<Item> {
  readonly size: number;
  push(owner: string, item: Item): void;
  /** Whose turn it is, without taking it. */
  first(): Item | undefined;
  /** Takes the item whose turn it is: its owner's next has its turn after those of all others. */
  shift(): Item | undefined;
  remove(owner: string, item: Item): boolean;
  countOf(owner: string): number;
  /** How many owners have items. */
  readonly owners: number;
  /** The item that came last of the owner that has most. */
  lastOfLongest(): Item | undefined;
}

export function createFairQueue<Item>(): FairQueue<Item> {
  /** By owner, in the order of their turns. None is empty. */
  const owners = new Map<string, Set<Item>>();
  let size = 0;

  function head(): readonly [owner: string, items: Set<Item>, item: Item] | undefined {
    for (const [owner, items] of owners) for (const item of items) return [owner, items, item];
    return undefined;
  }

  return {
    get size() {
      return size;
    },
    push(owner, item) {
      const items = owners.get(owner);
      if (items) items.add(item);
      else owners.set(owner, new Set([item]));
      size += 1;
    },
    first: () => head()?.[2],
    shift() {
      const next = head();
      if (!next) return undefined;
      const [owner, items, item] = next;
      items.delete(item);
      owners.delete(owner);
      if (items.size > 0) owners.set(owner, items);
      size -= 1;
      return item;
    },
    remove(owner, item) {
      const items = owners.get(owner);
      if (!items?.delete(item)) return false;
      if (items.size === 0) owners.delete(owner);
      size -= 1;
      return true;
    },
    get owners() {
      return owners.size;
    },
    lastOfLongest() {
      let longest: ReadonlySet<Item> = new Set();
      for (const items of owners.values()) if (items.size > longest.size) longest = items;
      return [...longest].at(-1);
    },
    countOf: (owner) => owners.get(owner)?.size ?? 0,
    *[Symbol.iterator]() {
      for (const items of owners.values()) yield* items;
    },
  };
}
