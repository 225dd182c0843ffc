/** A member of a {@link LinkedList}. It carries its own links, so that a list of many costs nothing beside them. */
export interface Linked<Item> {
  before: Item | undefined;
  after: Item | undefined;
}

/** Items in the order they came. */
export interface LinkedList<Item extends Linked<Item>> {
  readonly first: Item | undefined;
  append(item: Item): void;
  /** Takes out an item of this list. */
  remove(item: Item): void;
}

export function createLinkedList<Item extends Linked<Item>>(): LinkedList<Item> {
  let first: Item | undefined;
  let last: Item | undefined;
  return {
    get first() {
      return first;
    },
    append(item) {
      item.before = last;
      item.after = undefined;
      if (last === undefined) first = item;
      else last.after = item;
      last = item;
    },
    remove(item) {
      if (item.before === undefined) first = item.after;
      else item.before.after = item.after;
      if (item.after === undefined) last = item.before;
      else item.after.before = item.before;
      item.before = undefined;
      item.after = undefined;
    },
  };
}
