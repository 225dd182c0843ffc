/** First in, first out. An array's own `shift` moves what is left, each time, once there is much of it. */
export interface Fifo<Item> extends Iterable<Item> {
  readonly length: number;
  first(): Item | undefined;
  push(item: Item): void;
  shift(): Item | undefined;
}

/** Room at the front is given back when there is this much of it, and it is more than half. */
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
