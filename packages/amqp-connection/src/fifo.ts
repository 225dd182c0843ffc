/** First in, first out. The `shift` of a long array would move all other items each time. */
export interface Fifo<Item> extends Iterable<Item> {
  readonly length: number;
  first(): Item | undefined;
  push(item: Item): void;
  shift(): Item | undefined;
}

/** Free room at the front is given back when it is at least this large, and more than half. */
const slack = 1_024;

export function createFifo<Item>(): Fifo<Item> {
  let items: (Item | undefined)[] = [];
  let head = 0;
  return {
    get length() {
      return items.length - head;
    },
    first: () => items[head],
    push: (item) => void items.push(item),
    shift() {
      const item = items[head];
      if (item === undefined) return undefined;
      items[head] = undefined;
      head += 1;
      if (head === items.length) {
        items.length = 0;
        head = 0;
      } else if (head >= slack && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    *[Symbol.iterator]() {
      for (let at = head; at < items.length; at++) {
        const item = items[at];
        if (item !== undefined) yield item;
      }
    },
  };
}
