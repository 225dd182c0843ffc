/** Items in the order they came; the first and the last are known at once. */
export interface OrderedSet<Item> {
  readonly size: number;
  /** An item that is there already becomes the newest. */
  add(item: Item): void;
  delete(item: Item): boolean;
  oldest(): Item | undefined;
  newest(): Item | undefined;
}

/** What was deleted stays in the list of arrivals until there is this much of it, beside as much as is there. */
const slack = 32;

export function createOrderedSet<Item>(): OrderedSet<Item> {
  const items = new Set<Item>();
  /** The items, and some that were deleted or came again since. */
  let arrivals: Item[] = [];
  return {
    get size() {
      return items.size;
    },
    add(item) {
      items.delete(item);
      items.add(item);
      if (arrivals.length >= 2 * items.size + slack) arrivals = [...items];
      else arrivals.push(item);
    },
    delete: (item) => items.delete(item),
    oldest() {
      const [first] = items;
      return first;
    },
    newest() {
      for (let last = arrivals.at(-1); last !== undefined; last = arrivals.at(-1)) {
        if (items.has(last)) return last;
        arrivals.pop();
      }
      return undefined;
    },
  };
}
